import { closeSync, fstatSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { basename, join } from 'node:path';
import { bridgeReach } from '../../netns/network-files.ts';
import { parseResolvConf, resolvConfText } from '../../netns/resolv-conf.ts';
import type { ContainerRecord, NetworkAttachment } from '../container/record.ts';
import { containerDirectory } from '../container/store.ts';
import { errnoOf } from '../error.ts';
import type { Paths } from '../paths.ts';
import { placeOf } from './place.ts';
import type { NetworkRecord } from './store.ts';

/** The networks of a container, before or after it has come into one or left one. */
export interface Membership {
  networks: readonly NetworkRecord[];
  attached: readonly NetworkAttachment[];
}

const BYTES_MAX = 65536; // a container may write what it likes into its files

/** In place: a running container has the file itself mounted. One write, so that no reader sees less than a whole text. */
function change(paths: Paths, id: string, path: string, edit: (text: string) => string): void {
  let fd: number;
  try {
    fd = openSync(join(containerDirectory(paths, id), basename(path)), 'r+');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return; // the image's own
    throw error;
  }
  try {
    if (fstatSync(fd).size > BYTES_MAX) return;
    const before = readFileSync(fd, 'utf8');
    const text = edit(before);
    if (text === before) return;
    ftruncateSync(fd, writeSync(fd, text, 0));
  } finally {
    closeSync(fd);
  }
}

const same = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((word) => other.includes(word));

function resolvers(membership: Membership): string[] {
  const wish = { servers: [], search: [], options: [] };
  const text = resolvConfText(wish, bridgeReach(placeOf(membership.networks, membership.attached)));
  return parseResolvConf(text ?? '').nameservers;
}

/** Its servers, unless they are others than those that it was given: then somebody has chosen them. */
function editResolvConf(text: string, before: Membership, after: Membership): string {
  if (!same(parseResolvConf(text).nameservers, resolvers(before))) return text;
  const kept = text.split('\n').filter((line) => line !== '' && !/^\s*nameserver\s/.test(line));
  const servers = resolvers(after).map((server) => `nameserver ${server}`);
  const at = kept.findIndex((line) => /^\s*options\s/.test(line));
  kept.splice(at < 0 ? kept.length : at, 0, ...servers);
  return kept.map((line) => `${line}\n`).join('');
}

const bare = ({ attached }: Membership): string[] =>
  attached.flatMap(({ addresses }) => addresses.map((address) => address.split('/')[0]!));

/** The line of its own names. */
function editHosts(text: string, name: string, before: Membership, after: Membership): string {
  const left = [...bare(before), '127.0.0.1'].filter((address) => !bare(after).includes(address));
  const next = bare(after)[0] ?? '127.0.0.1';
  const edited = text.split('\n').map((line) => {
    const [address = '', ...names] = line.split(/\s+/);
    return left.includes(address) && names.includes(name) ? [next, names.join(' ')].join('\t') : line;
  });
  return edited.join('\n');
}

/** Brings /etc/resolv.conf and /etc/hosts up to date, also while it runs. */
export function updateContainerFiles(
  paths: Paths,
  { id, name, asked }: Pick<ContainerRecord, 'id' | 'name' | 'asked'>,
  before: Membership,
  after: Membership,
): void {
  if (!asked?.dns?.length)
    change(paths, id, '/etc/resolv.conf', (text) => editResolvConf(text, before, after));
  change(paths, id, '/etc/hosts', (text) => editHosts(text, name, before, after));
}
