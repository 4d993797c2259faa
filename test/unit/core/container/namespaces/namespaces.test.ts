import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { refuseConflicts } from '../../../../../core/container/namespaces/namespace-conflicts.ts';
import {
  type NamespaceFlags,
  type Namespaces,
  namespacesOf,
  readNamespaces,
} from '../../../../../core/container/namespaces/namespaces.ts';
import type { ContainerRecord, NamespaceModes } from '../../../../../core/container/record.ts';
import { PodError } from '../../../../../core/error.ts';
import type { IdMaps } from '../../../../../rootless/id-map.ts';
import { failure } from '../fixtures.ts';

const refusal = (action: () => unknown): string => {
  const { code, message } = failure(action);
  return `${code}: ${message}`;
};

const OWN: NamespaceModes = {
  ipc: 'shareable',
  pid: 'private',
  uts: 'private',
  user: 'host',
  cgroup: 'private',
};
const maps = (host: number): IdMaps =>
  ({ uid: [{ container: 0, host, size: 1 }], gid: [{ container: 0, host, size: 1 }] }) as IdMaps;

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);
const C = 'c'.repeat(64);
const containers: Record<string, Partial<ContainerRecord>> = {
  web: { id: A, name: 'web', namespaces: OWN, maps: maps(1), network: { mode: 'slirp4netns' } as never },
  side: {
    id: B,
    name: 'side',
    namespaces: { ...OWN, user: `container:${A}` },
    maps: maps(1),
    network: { mode: `container:${A}` } as never,
  },
  host: {
    id: C,
    name: 'host',
    namespaces: { ...OWN, ipc: 'host', pid: 'host', uts: 'host', cgroup: 'host' },
    maps: maps(2),
    network: { mode: 'host' } as never,
  },
  shy: {
    id: 'd'.repeat(64),
    name: 'shy',
    namespaces: { ...OWN, ipc: 'private' },
    network: { mode: 'none' } as never,
  },
};
const known = {
  find: (name: string) => {
    const found = containers[name];
    if (!found) throw new PodError({ code: 'not-found', message: `no such container: ${name}` });
    return found as ContainerRecord;
  },
  read: (id: string) => Object.values(containers).find((one) => one.id === id) as ContainerRecord | undefined,
};
const read = (flags: Partial<NamespaceFlags>): Namespaces =>
  readNamespaces({ network: [], uidmap: [], gidmap: [], ...flags } as NamespaceFlags, known, maps(0));
const types = (
  flags: Partial<NamespaceFlags>,
  network: Parameters<typeof namespacesOf>[1] = { type: 'network' },
) => namespacesOf(read(flags).modes, network).map(({ type, path }) => (path ? `${type}:${path}` : type));

test('a container has namespaces of its own, the user namespace first', () => {
  assert.equal(types({}), ['user', 'mount', 'pid', 'ipc', 'uts', 'network', 'cgroup']);
  assert.equal(types({ ipc: 'none', uts: '', cgroupns: 'private', pid: 'private' }), types({}));
  assert.is(read({}).maps, undefined);
});

test("the host's are left out", () => {
  const host = { ipc: 'host', uts: 'host', cgroupns: 'host', pid: 'host' };
  assert.equal(namespacesOf(read(host).modes, undefined), [{ type: 'user' }, { type: 'mount' }]);
});

test('what another container has is joined with its user namespace and its ids', () => {
  const { modes, maps: ids } = read({ pid: 'container:web' });
  assert.equal(modes, { ...OWN, pid: `container:${A}`, user: `container:${A}` });
  assert.equal(ids, maps(1));
  assert.equal(types({ pid: 'container:web' }), [
    `user:container:${A}`,
    'mount',
    `pid:container:${A}`,
    'ipc',
    'uts',
    'network',
    'cgroup',
  ]);
  assert.is(read({ network: ['container:side'] }).modes.user, `container:${B}`);
  assert.is(read({ userns: 'container:web' }).modes.user, `container:${A}`);
});

test('containers of one user namespace can be joined together, of two they can not', () => {
  assert.is(read({ pid: 'container:web', ipc: 'container:side' }).modes.user, `container:${B}`);
  assert.match(
    refusal(() => read({ pid: 'container:web', ipc: 'container:shy', userns: 'container:shy' })),
    /^usage: /,
  );
  containers.shy!.namespaces = { ...OWN };
  assert.is(
    refusal(() => read({ pid: 'container:web', ipc: 'container:shy' })),
    'usage: cannot share namespaces with shy and with web',
  );
  containers.shy!.namespaces = { ...OWN, ipc: 'private' };
});

test("a container that has the host's gives the host's", () => {
  const { modes, network } = read({
    pid: 'container:host',
    ipc: 'container:host',
    uts: 'container:host',
    cgroupns: 'container:host',
    network: ['container:host'],
  });
  assert.equal(modes, { ipc: 'host', pid: 'host', uts: 'host', cgroup: 'host', user: 'host' });
  assert.is(network, 'host');
});

test('a namespace may be one that is there', () => {
  assert.is(types({ uts: 'ns:/run/x' })[4], 'uts:/run/x');
  assert.equal(types({}, { type: 'network', path: '/run/netns/x' })[5], 'network:/run/netns/x');
});

test('an id map of its own can not go with namespaces of others', () => {
  const message = 'usage: conflicting options: the id map and the namespaces of web';
  for (const own of [{ userns: 'keep-id' }, { uidmap: ['0:1:10'] }, { userns: 'ns:/proc/1/ns/user' }])
    assert.is(
      refusal(() => read({ network: ['container:web'], ...own })),
      message,
    );
  assert.is(read({ network: ['container:web'], userns: 'host' }).modes.user, `container:${A}`);
});

test('what is no mode, names nothing, or is not shared, is refused', () => {
  assert.match(
    refusal(() => read({ ipc: 'container:shy' })),
    /^usage: cannot use --ipc container:shy/,
  );
  assert.match(
    refusal(() => read({ pid: 'container:nobody' })),
    /^not-found: no such container: nobody/,
  );
  for (const wish of [
    { uts: 'shareable' },
    { pid: 'none' },
    { cgroupns: 'none' },
    { ipc: 'container:' },
    { pid: 'ns:relative' },
    { userns: 'ns:/some/where' },
  ])
    assert.match(
      refusal(() => read(wish)),
      /^usage: cannot use --/,
      JSON.stringify(wish),
    );
});

test('what is set in a namespace must be set in its own', () => {
  const of = (flags: Partial<NamespaceFlags>, more: object) =>
    refusal(() => refuseConflicts({ sysctl: [], network: flags.network ?? [], ...more }, read(flags)));
  assert.is(of({ uts: 'host' }, { hostname: 'x' }), 'usage: conflicting options: hostname and the UTS mode');
  assert.is(
    of({ network: ['container:web'] }, { sysctl: ['net.ipv4.ip_forward=1'] }),
    'usage: conflicting options: sysctl net.ipv4.ip_forward and the network mode',
  );
  assert.is(
    of({ ipc: 'container:web' }, { sysctl: ['kernel/msgmax=1'] }),
    'usage: conflicting options: sysctl kernel.msgmax and the IPC mode',
  );
  refuseConflicts({ sysctl: ['net.core.somaxconn=1'], network: [], hostname: 'x' }, read({}));
});

test.run();
