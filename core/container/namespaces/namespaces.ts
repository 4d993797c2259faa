/** Which namespaces a container has of its own, and whose the others are. */

import { readFileSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import type { IdMaps } from '../../../rootless/id-map.ts';
import type { OciNamespace } from '../../../rootless/oci-spec.ts';
import { PodError } from '../../error.ts';
import type { ContainerOptions } from '../options.ts';
import type { ContainerRecord, NamespaceModes } from '../record.ts';
import { joinedId } from './joins.ts';

export type NamespaceFlags = Pick<
  ContainerOptions,
  'network' | 'ipc' | 'pid' | 'uts' | 'userns' | 'cgroupns' | 'uidmap' | 'gidmap'
>;

/** The containers there are: by name or the beginning of an id (throws `not-found`), and by id. */
export interface Containers {
  find: (name: string) => ContainerRecord;
  read: (id: string) => ContainerRecord | undefined;
}

export interface Namespaces {
  modes: NamespaceModes;
  /** Whose network it uses; where that is the host's, the container is left out. */
  network: ContainerRecord | 'host' | undefined;
  uts: ContainerRecord | undefined;
  /** Of the user namespace that it joins; undefined: it makes its own. */
  maps: IdMaps | undefined;
}

type Kind = 'ipc' | 'pid' | 'uts' | 'cgroup';
const FLAGS = { ipc: 'ipc', pid: 'pid', uts: 'uts', cgroup: 'cgroupns' } as const;
const PLAIN: Record<Kind, string[]> = {
  ipc: ['private', 'shareable', 'none', 'host'],
  pid: ['private', 'host'],
  uts: ['private', 'host'],
  cgroup: ['private', 'host'],
};

function wrong(flag: string, value: string, why: string, hint?: string): PodError {
  return new PodError({
    code: 'usage',
    message: `cannot use --${flag} ${value}`,
    why,
    hint,
  });
}

/** `container:NAME` and `ns:PATH`, split; undefined for a plain word. */
function reference(flag: string, value: string): { kind: 'container' | 'ns'; rest: string } | undefined {
  const [kind = '', rest] = value.split(/:(.*)/s, 2);
  if (kind !== 'container' && kind !== 'ns') return undefined;
  if (!rest) throw wrong(flag, value, kind === 'ns' ? 'it names no path' : 'it names no container');
  if (kind === 'ns' && !isAbsolute(rest))
    throw wrong(flag, value, 'ns: wants the absolute path of a namespace', `--${flag} ns:/proc/PID/ns/…`);
  return { kind, rest };
}

function modeOf(kind: Kind, value: string, containers: Containers): string {
  const flag = FLAGS[kind];
  const refers = reference(flag, value);
  if (refers?.kind === 'ns') return value;
  if (!refers) {
    if (PLAIN[kind].includes(value)) return value;
    throw wrong(
      flag,
      value,
      'there is no such mode',
      `--${flag} ${[...PLAIN[kind], 'container:NAME', 'ns:PATH'].join(', ')}`,
    );
  }
  const target = containers.find(refers.rest);
  const theirs = target.namespaces?.[kind] ?? 'private';
  if (theirs === 'host') return 'host';
  if (kind === 'ipc' && (theirs === 'none' || (theirs === 'private' && target.namespaces)))
    throw wrong(
      flag,
      value,
      `container ${target.name} does not share its IPC namespace`,
      `start ${target.name} with --ipc shareable`,
    );
  return `container:${target.id}`;
}

/** Podman's default: others may join. */
const DEFAULTS: Record<Kind, string> = {
  ipc: 'shareable',
  pid: 'private',
  uts: 'private',
  cgroup: 'private',
};

function networkHolder(flags: NamespaceFlags, containers: Containers): Namespaces['network'] {
  const [value = ''] = flags.network;
  const refers = value.startsWith('container:') ? reference('network', value) : undefined;
  if (!refers) return undefined;
  const target = containers.find(refers.rest);
  return target.network.mode === 'host' ? 'host' : target;
}

/** Who made the user namespace that a container is in: an id, or a path. */
function userOwner(record: ContainerRecord, read: Containers['read']): string {
  const { user = '' } = record.namespaces ?? {};
  const id = joinedId(user);
  const next = id === undefined ? undefined : read(id);
  return next ? userOwner(next, read) : (id ?? (user.startsWith('ns:') ? user : record.id));
}

/** uid_map and gid_map of a process, as this user namespace sees them: user_namespaces(7). */
function mapsAt(path: string, defaults: IdMaps): IdMaps {
  const directory = /^(\/proc\/\d+)\/ns\/user$/.exec(path)?.[1];
  if (directory === undefined)
    throw wrong(
      'userns',
      `ns:${path}`,
      'whose ids are mapped is only known of a process',
      '--userns ns:/proc/PID/ns/user',
    );
  const read = (name: string) =>
    readFileSync(`${directory}/${name}`, 'utf8')
      .trim()
      .split('\n')
      .map((line) => {
        const [container = 0, host = 0, size = 0] = line.trim().split(/\s+/).map(Number);
        return { container, host, size };
      });
  try {
    return { ...defaults, uid: read('uid_map'), gid: read('gid_map') };
  } catch (cause) {
    throw wrong('userns', `ns:${path}`, (cause as Error).message);
  }
}

/**
 * A namespace can be joined by who has rights in the user namespace that it belongs to, setns(2): so a container is in the
 * user namespace of the ones that it shares anything with, and has their ids.
 */
function userMode(flags: NamespaceFlags, joined: ContainerRecord[], containers: Containers): string {
  const asked = flags.userns ?? '';
  const refers = reference('userns', asked);
  const all = refers?.kind === 'container' ? [containers.find(refers.rest), ...joined] : joined;
  const [first, ...others] = all;
  if (!first) return asked || 'host';
  const owner = userOwner(first, containers.read);
  const stranger = others.find((other) => userOwner(other, containers.read) !== owner);
  if (stranger)
    throw new PodError({
      code: 'usage',
      message: `cannot share namespaces with ${first.name} and with ${stranger.name}`,
      why: 'each has a user namespace of its own, and a container can be in one only',
      hint: `start ${stranger.name} with --userns container:${first.name}`,
    });
  const own = flags.uidmap.length + flags.gidmap.length > 0 || !(refers || ['', 'host'].includes(asked));
  if (own || refers?.kind === 'ns')
    throw new PodError({
      code: 'usage',
      message: `conflicting options: the id map and the namespaces of ${first.name}`,
      why: `who shares namespaces with ${first.name} is in its user namespace, with its ids`,
    });
  return `container:${first.id}`;
}

/** Reads the flags. Throws PodError `usage`, and what `containers.find` throws. */
export function readNamespaces(flags: NamespaceFlags, containers: Containers, defaults: IdMaps): Namespaces {
  const mode = (kind: Kind) => modeOf(kind, flags[FLAGS[kind]] || DEFAULTS[kind], containers);
  const [ipc, pid, uts, cgroup] = [mode('ipc'), mode('pid'), mode('uts'), mode('cgroup')];
  const network = networkHolder(flags, containers);
  const holderOf = (text: string) => {
    const id = joinedId(text);
    return id === undefined ? undefined : containers.read(id);
  };
  const holders = [network === 'host' ? undefined : network, ...[ipc, pid, uts, cgroup].map(holderOf)];
  const user = userMode(
    flags,
    holders.filter((holder) => holder !== undefined),
    containers,
  );
  return {
    modes: { ipc, pid, uts, user, cgroup },
    network,
    uts: holderOf(uts),
    maps: user.startsWith('ns:') ? mapsAt(user.slice(3), defaults) : holderOf(user)?.maps,
  };
}

/** config.json's list; `container:ID` stands where a path would, until the container starts. */
export function namespacesOf(modes: NamespaceModes, network: OciNamespace | undefined): OciNamespace[] {
  const space = (type: OciNamespace['type'], mode: string): OciNamespace[] => {
    if (joinedId(mode) !== undefined) return [{ type, path: mode }];
    if (mode.startsWith('ns:')) return [{ type, path: mode.slice(3) }];
    return mode === 'host' && type !== 'user' ? [] : [{ type }];
  };
  return [
    ...space('user', modes.user),
    { type: 'mount' },
    ...space('pid', modes.pid),
    ...space('ipc', modes.ipc),
    ...space('uts', modes.uts),
    ...(network ? [network] : []),
    ...space('cgroup', modes.cgroup),
  ];
}
