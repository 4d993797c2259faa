import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { defaultMounts, type WorldFacts } from '../../../../core/container/default-mounts.ts';

const facts: WorldFacts = {
  shmSize: 65536,
  ttyGroup: true,
  hostNetwork: false,
  unifiedCgroup: true,
  privileged: false,
  procOptions: [],
  files: {},
};
const of = (more: Partial<WorldFacts>) => defaultMounts({ ...facts, ...more });
const optionsOf = (more: Partial<WorldFacts>, destination: string) =>
  of(more).find((mount) => mount.destination === destination)?.options;

test('every container has the file systems of the runtime specification, in order', () => {
  assert.equal(
    of({ files: { '/etc/hosts': '/c/hosts' } }).map(({ destination, type }) => `${destination} ${type}`),
    [
      '/proc proc',
      '/dev tmpfs',
      '/dev/pts devpts',
      '/dev/shm tmpfs',
      '/dev/mqueue mqueue',
      '/sys sysfs',
      '/sys/fs/cgroup cgroup',
      '/etc/hosts bind',
    ],
  );
});

test('what could change the host is read-only, but for who is privileged', () => {
  for (const path of ['/sys', '/sys/fs/cgroup']) {
    assert.ok(optionsOf({}, path)!.includes('ro'), path);
    assert.not(optionsOf({ privileged: true }, path)!.includes('ro'), path);
  }
});

test("where sysfs can not be mounted anew, the host's is bound read-only, whoever asks", () => {
  for (const privileged of [false, true]) {
    const sys = of({ hostNetwork: true, privileged }).filter((mount) => mount.destination.startsWith('/sys'));
    assert.equal(sys, [
      {
        destination: '/sys',
        type: 'bind',
        source: '/sys',
        options: ['rbind', 'rprivate', 'nosuid', 'noexec', 'nodev', 'ro'],
      },
    ]);
  }
});

test('terminals have the group tty where it is mapped', () => {
  assert.ok(optionsOf({}, '/dev/pts')!.includes('gid=5'));
  assert.not(optionsOf({ ttyGroup: false }, '/dev/pts')!.some((word) => word.startsWith('gid=')));
});

test('without cgroup v2 alone no part of it is shown; sizes and options are passed on', () => {
  assert.is(optionsOf({ unifiedCgroup: false }, '/sys/fs/cgroup'), undefined);
  assert.ok(optionsOf({ shmSize: 123 }, '/dev/shm')!.includes('size=123'));
  assert.ok(optionsOf({ procOptions: ['hidepid=2'] }, '/proc')!.includes('hidepid=2'));
});

test("a privileged container has the host's devices, but none that is made anyway, no terminal and no link", () => {
  const more = of({ privileged: true })
    .filter((mount) => mount.type === 'bind')
    .map((mount) => mount.destination);
  for (const path of more)
    assert.match(path, /^\/dev\/(?!(null|zero|full|random|urandom|tty\d*|console|ptmx|std(in|out|err)|fd)$)/);
});

test.run();
