import { mkdirSync, statSync } from 'node:fs';
import { isAbsolute, join, normalize, resolve } from 'node:path';
import type { OciMount } from '../../rootless/oci-spec.ts';
import { errnoOf, PodError } from '../error.ts';
import { emitEvent } from '../events.ts';
import type { Paths } from '../paths.ts';
import { checkName, newId } from './name.ts';
import type { VolumeUse } from './record.ts';

/** The mounts that flags ask for, with a hint for each that may fail. */
export interface VolumeMounts {
  mounts: OciMount[];
  volumes: VolumeUse[];
  /** destination -> what to do when its mount fails. */
  hints: Record<string, string>;
}

const PLAIN = new Set([
  'ro',
  'nosuid',
  'nodev',
  'noexec',
  'suid',
  'dev',
  'exec',
  'noatime',
  'relatime',
  'bind',
  'rbind',
]);
const PROPAGATION = new Set(['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave']);
/** SELinux's relabelling has no meaning without SELinux; the others are about volumes' first use. */
const WITHOUT_EFFECT = new Set(['rw', 'z', 'Z', 'nocopy', 'copy', 'delegated', 'cached', 'consistent']);

function invalid(flag: string, value: string, why: string): PodError {
  return new PodError({
    code: 'usage',
    message: `cannot use ${flag} ${value}`,
    why,
    hint: `for example: ${flag} /on/the/host:/in/the/container:ro`,
  });
}

function destinationOf(flag: string, value: string, path: string): string {
  if (!isAbsolute(path))
    throw invalid(flag, value, `the path in the container, ${JSON.stringify(path)}, is not absolute`);
  const clean = normalize(path).replace(/\/+$/, '');
  if (clean === '') throw invalid(flag, value, "the container's root can't be mounted over");
  return clean;
}

function bindOptions(value: string, words: string[]): string[] {
  const options: string[] = [];
  for (const word of words) {
    if (PLAIN.has(word) || PROPAGATION.has(word)) options.push(word);
    else if (!WITHOUT_EFFECT.has(word)) throw invalid('-v', value, `unknown option ${JSON.stringify(word)}`);
  }
  if (!options.includes('bind') && !options.includes('rbind')) options.unshift('rbind');
  if (!options.some((word) => PROPAGATION.has(word))) options.push('rprivate');
  return options;
}

function bindMount(value: string, source: string, destination: string, words: string[]): OciMount {
  const path = resolve(source);
  try {
    statSync(path);
  } catch (cause) {
    const missing = errnoOf(cause) === 'ENOENT';
    throw new PodError({
      code: missing ? 'not-found' : 'denied',
      message: `cannot mount ${path} on ${destination}`,
      why: missing ? 'it does not exist' : (cause as Error).message,
      ...(missing && { hint: `mkdir -p ${path}` }),
      cause,
    });
  }
  return { destination, type: 'bind', source: path, options: bindOptions(value, words) };
}

/** The directory that holds a named volume's data. */
function volumeData(paths: Paths, name: string): string {
  return join(paths.volumes, checkName('volume', name), '_data');
}

/** Makes a named volume unless it is there. */
export function makeVolume(paths: Paths, name: string): void {
  if (mkdirSync(volumeData(paths, name), { recursive: true, mode: 0o755 }) !== undefined)
    emitEvent(paths, { type: 'volume', action: 'create', id: name, attributes: { driver: 'local' } });
}

/** `-v [HOST-PATH|NAME:]PATH[:OPTION,...]` */
function parseVolume(value: string, paths: Paths, result: VolumeMounts): void {
  const parts = value.split(':');
  if (parts.length > 3 || parts.some((part) => part === ''))
    throw invalid('-v', JSON.stringify(value), 'it is not SOURCE:PATH[:OPTIONS]');
  const [source, target, optionWords = ''] =
    parts.length === 1 ? [undefined, parts[0]!] : [parts[0], parts[1]!, parts[2]];
  const words = optionWords.split(',').filter((word) => word !== '');
  const destination = destinationOf('-v', value, target);
  if (source !== undefined && /^[./~]/.test(source))
    result.mounts.push(bindMount(value, source, destination, words));
  else {
    const name = source ?? newId();
    const options = bindOptions(value, words);
    result.mounts.push({ destination, type: 'bind', source: volumeData(paths, name), options });
    result.volumes.push({ name, destination, anonymous: source === undefined });
  }
  result.hints[destination] = `the mount was asked for by -v ${value}`;
}

/** `--tmpfs PATH[:OPTION,...]` */
function parseTmpfs(value: string): OciMount {
  const colon = value.indexOf(':');
  const destination = destinationOf('--tmpfs', value, colon < 0 ? value : value.slice(0, colon));
  const asked =
    colon < 0
      ? []
      : value
          .slice(colon + 1)
          .split(',')
          .filter((word) => word !== '');
  const options = ['nosuid', 'nodev', 'noexec', 'mode=1777'].filter(
    (word) =>
      !asked.includes({ nosuid: 'suid', nodev: 'dev', noexec: 'exec' }[word] ?? '') &&
      !(word.startsWith('mode=') && asked.some((one) => one.startsWith('mode='))),
  );
  return { destination, type: 'tmpfs', source: 'tmpfs', options: [...options, ...asked] };
}

/** `--device HOST[:CONTAINER[:rwm]]`: the host's node, bound. */
function parseDevice(value: string): OciMount {
  const [source = '', target = source, access = 'rwm'] = value.split(':');
  if (!isAbsolute(source) || !/^[rwm]+$/.test(access))
    throw invalid('--device', value, 'it is not HOST-PATH[:PATH[:rwm]]');
  try {
    const about = statSync(source);
    if (!about.isCharacterDevice() && !about.isBlockDevice())
      throw invalid('--device', value, `${source} is no device`);
  } catch (cause) {
    if (cause instanceof PodError) throw cause;
    throw new PodError({
      code: 'not-found',
      message: `no device ${source}`,
      why: (cause as Error).message,
      cause,
    });
  }
  const options = ['bind', 'rprivate', 'nosuid', 'noexec', ...(access.includes('w') ? [] : ['ro'])];
  return { destination: destinationOf('--device', value, target), type: 'bind', source, options };
}

export interface VolumeFlags {
  volume: readonly string[];
  tmpfs: readonly string[];
  device: readonly string[];
}

/** All mounts that the flags ask for, the outer before the inner. Two for one place are an error. */
export function volumeMounts(flags: VolumeFlags, paths: Paths): VolumeMounts {
  const result: VolumeMounts = { mounts: [], volumes: [], hints: {} };
  for (const value of flags.volume) parseVolume(value, paths, result);
  for (const value of flags.tmpfs) result.mounts.push(parseTmpfs(value));
  for (const value of flags.device) result.mounts.push(parseDevice(value));
  const seen = new Set<string>();
  for (const { destination } of result.mounts) {
    if (seen.has(destination))
      throw new PodError({
        code: 'usage',
        message: `two mounts for ${destination}`,
        hint: 'give one -v, --tmpfs or --device for a path',
      });
    seen.add(destination);
  }
  result.mounts.sort((a, b) => a.destination.split('/').length - b.destination.split('/').length);
  return result;
}
