import { join } from 'node:path';
import { bareAddress } from '../../netns/address.ts';
import { HOST_NAMES } from '../../netns/hosts.ts';
import { bridgeReach } from '../../netns/network-files.ts';
import { parseResolvConf, resolvConfText } from '../../netns/resolv-conf.ts';
import { editInPlace } from '../container/edit-in-place.ts';
import type { ContainerRecord } from '../container/record.ts';
import { containerDirectory } from '../container/store.ts';
import type { Paths } from '../paths.ts';
import type { Membership } from './membership.ts';
import { placeOf } from './place.ts';

const same = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((word) => other.includes(word));

function resolvers(membership: Membership, servers: readonly string[]): string[] {
  const wish = { servers, search: [], options: [] };
  const text = resolvConfText(wish, bridgeReach(placeOf(membership)));
  return parseResolvConf(text ?? '').nameservers;
}

/** Its servers, unless they are others than those that it was given: then somebody has chosen them. */
function editResolvConf(
  text: string,
  asked: readonly string[],
  before: Membership,
  after: Membership,
): string {
  if (!same(parseResolvConf(text).nameservers, resolvers(before, asked))) return text;
  const kept = text.split('\n').filter((line) => line !== '' && !/^\s*nameserver\s/.test(line));
  const servers = resolvers(after, asked).map((server) => `nameserver ${server}`);
  const at = kept.findIndex((line) => /^\s*options\s/.test(line));
  kept.splice(at < 0 ? kept.length : at, 0, ...servers);
  return kept.map((line) => `${line}\n`).join('');
}

const bare = ({ attached }: Membership): string[] =>
  attached.flatMap(({ addresses }) => addresses.map(bareAddress));

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

/** The line of the host's names. */
function editHost(text: string, before: Membership, after: Membership): string {
  const [from, to] = [placeOf(before).host, placeOf(after).host];
  if (from === to) return text;
  const lines = text.split('\n').filter((line) => line !== [from, HOST_NAMES.join(' ')].join('\t'));
  const known = new Set(lines.flatMap((line) => line.split(/\s+/)));
  const names = HOST_NAMES.filter((name) => !known.has(name));
  if (to && names.length > 0) lines.splice(-1, 0, [to, names.join(' ')].join('\t')); // before the end of the last line
  return lines.join('\n');
}

/** Brings /etc/resolv.conf and /etc/hosts up to date, also while it runs. */
export function updateContainerFiles(
  paths: Paths,
  { id, name, asked }: Pick<ContainerRecord, 'id' | 'name' | 'asked'>,
  before: Membership,
  after: Membership,
): void {
  const edit = (name: string, change: (text: string) => string): void =>
    editInPlace(join(containerDirectory(paths, id), name), (text) =>
      text === undefined ? undefined : change(text),
    );
  edit('resolv.conf', (text) => editResolvConf(text, asked?.dns ?? [], before, after));
  edit('hosts', (text) => editHost(editHosts(text, name, before, after), before, after));
}
