import { resolve } from 'node:path';
import { csvPairs } from '../../csv.ts';
import { checkName } from '../name.ts';
import { MOUNT_TYPES, type MountType, takeKey } from './mount-keys.ts';
import { destinationOf, type MountRequest, refuse } from './request.ts';
import { tmpfsOptions } from './tmpfs-flag.ts';
import { bindOptions } from './words.ts';

const ALIASES: Record<string, string> = { src: 'source', dst: 'destination', target: 'destination' };

/** `--mount type=TYPE,KEY=VALUE,...`: docker's keys and podman's, podman-run(1). */
export function parseMountFlag(value: string): MountRequest {
  const asked = `--mount ${value}`;
  const pairs = csvPairs(value);
  if (!pairs) throw refuse(asked, 'a quote is out of place', `quote a whole field: "source=/a,b"`);
  const named = new Map<string, string>();
  const rest: [string, string | undefined][] = [];
  for (const [key, given] of pairs) {
    const name = ALIASES[key.toLowerCase()] ?? key.toLowerCase();
    if (name !== 'type' && name !== 'source' && name !== 'destination') rest.push([key, given]);
    else if (given) named.set(name, given);
    else throw refuse(asked, `${key} needs a value`);
  }
  const wanted = named.get('type') ?? 'volume';
  const type = MOUNT_TYPES.find((one) => one === wanted.toLowerCase());
  if (!type) throw refuse(asked, `type=${wanted}: there is ${MOUNT_TYPES.join(', ')}`);
  const request = requestOf(asked, type, named);
  for (const [key, given] of rest) takeKey(request, type, key, given);
  request.options = finished(type, request.options);
  return request;
}

function requestOf(asked: string, type: MountType, named: ReadonlyMap<string, string>): MountRequest {
  const destination = named.get('destination');
  if (destination === undefined) throw refuse(asked, 'the key "destination" is missing');
  const source = named.get('source');
  const base = { asked, destination: destinationOf(asked, destination), options: [] as string[] };
  switch (type) {
    case 'bind':
      if (source === undefined) throw refuse(asked, 'the key "source" is missing');
      return { ...base, kind: 'bind', source: resolve(source) };
    case 'image':
      if (source === undefined) throw refuse(asked, 'the key "source" is missing');
      return { ...base, kind: 'image', source };
    case 'volume':
      return { ...base, kind: 'volume', source: source === undefined ? source : checkName('volume', source) };
    default:
      if (source !== undefined && source !== type) throw refuse(asked, `source: a ${type} has none`);
      return { ...base, kind: 'filesystem', source: type };
  }
}

function finished(type: MountType, options: string[]): string[] {
  switch (type) {
    case 'bind':
    case 'volume':
      return bindOptions(options);
    case 'tmpfs':
    case 'ramfs':
      return tmpfsOptions(options);
    case 'devpts':
      return ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', ...devptsMode(options)];
    default:
      return options;
  }
}

function devptsMode(options: string[]): string[] {
  return options.some((word) => word.startsWith('mode=')) ? options : ['mode=0620', ...options];
}
