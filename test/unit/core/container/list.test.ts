import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { discardContainer, freeName, isLost } from '../../../../core/container/discard.ts';
import { isMapped } from '../../../../core/container/facts.ts';
import { inspectContainer } from '../../../../core/container/inspect/inspect.ts';
import { listContainers } from '../../../../core/container/list.ts';
import { identify } from '../../../../core/container/process-identity.ts';
import type { ContainerRecord } from '../../../../core/container/record.ts';
import { containerState } from '../../../../core/container/state.ts';
import {
  beginContainer,
  commitContainer,
  containerDirectory,
  holderOf,
  runtimeDirectory,
} from '../../../../core/container/store.ts';
import type { Paths } from '../../../../core/paths.ts';
import type { OciSpec } from '../../../../rootless/oci-spec.ts';
import { emptyPaths, recordOf, specOf } from './fixtures.ts';

function make(
  paths: Paths,
  name: string,
  more: Partial<ContainerRecord> = {},
  spec: Partial<OciSpec> = {},
): ContainerRecord {
  const draft = beginContainer(paths, name);
  const record = recordOf(draft.id, { name, ...more });
  commitContainer(paths, draft, specOf(spec), record);
  return record;
}

// What inspect shows is free in form.
// biome-ignore lint/suspicious/noExplicitAny: looked into field by field
type Shown = Record<string, any>;

const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

/** As its monitor would say that it runs: process and monitor are there or gone. */
function sayStarted(paths: Paths, { id }: ContainerRecord, process: boolean, monitor: boolean): void {
  const self = identify(globalThis.process.pid);
  const word = (there: boolean) => `${self.pid} ${there ? self.start : '1'}`;
  mkdirSync(runtimeDirectory(paths, id), { recursive: true });
  writeFileSync(
    join(runtimeDirectory(paths, id), 'state'),
    `${word(process)} ${word(monitor)} 100 ${boot}\n`,
  );
}

test('the newest comes first, and drafts are left out', () => {
  const paths = emptyPaths();
  make(paths, 'old', { created: '2026-01-01T00:00:00.000Z' });
  make(paths, 'new', { created: '2026-01-03T00:00:00.000Z' });
  make(paths, 'mid', { created: '2026-01-02T00:00:00.000Z' });
  beginContainer(paths, 'draft');
  assert.equal(
    listContainers(paths).map(({ record }) => record.name),
    ['new', 'mid', 'old'],
  );
  assert.equal(listContainers(emptyPaths()), []);
});

test('with --rm, one whose monitor was killed is removed when it is seen', () => {
  const paths = emptyPaths();
  const record = make(paths, 'lost', { autoRemove: true });
  sayStarted(paths, record, false, false);
  assert.equal(listContainers(paths), []);
  assert.equal(
    [holderOf(paths, 'lost'), existsSync(runtimeDirectory(paths, record.id)), readdirSync(paths.trash)],
    [undefined, false, [record.id]],
  );
});

test('with --rm, one that ends just now is left to its monitor', () => {
  const paths = emptyPaths();
  const record = make(paths, 'ending', { autoRemove: true });
  sayStarted(paths, record, false, true);
  assert.equal(
    listContainers(paths).map(({ record: { name }, state }) => [name, state.status]),
    [['ending', 'running']],
  );
  freeName(paths, 'ending');
  assert.is(holderOf(paths, 'ending'), record.id);
});

test('one without --rm is never lost', () => {
  const paths = emptyPaths();
  const record = make(paths, 'kept');
  sayStarted(paths, record, false, false);
  assert.not(isLost(record, containerState(paths, record)));
  freeName(paths, 'kept');
  assert.is(holderOf(paths, 'kept'), record.id);
});

test('a name of a lost one is free for the next', () => {
  const paths = emptyPaths();
  const record = make(paths, 'web', { autoRemove: true });
  sayStarted(paths, record, false, false);
  freeName(paths, 'web');
  make(paths, 'web');
  freeName(paths, 'nobody');
});

test('who discards second does no harm', () => {
  const paths = emptyPaths();
  const first = make(paths, 'web');
  assert.equal(discardContainer(paths, first), [join(paths.trash, first.id)]);
  const second = make(paths, 'web');
  assert.is(discardContainer(paths, first), undefined);
  assert.is(holderOf(paths, 'web'), second.id);
});

test("inspect shows what it is, in docker's shape", () => {
  const paths = emptyPaths();
  const record = make(
    paths,
    'web',
    {
      volumes: [{ name: 'db', destination: '/db', anonymous: false }],
      overlays: [
        { destination: '/kept', directory: '/home/kept', writable: true },
        { destination: '/img', image: 'ab12', layers: [], writable: false },
      ],
      asked: { tmpfs: ['/cache/:size=1m'] },
      userMounts: ['/db', '/src', '/mem', '/cache', '/kept', '/img'],
      network: {
        mode: 'slirp4netns',
        ports: [{ hostIp: '', hostPort: 8080, containerPort: 80, protocol: 'tcp' }] as never,
        exposed: ['80/tcp', '90/udp'],
        operations: [],
        address: undefined,
      },
    },
    {
      hostname: 'box',
      mounts: [
        { destination: '/proc', type: 'proc' },
        { destination: '/db', type: 'bind', source: '/vol/db/_data', options: ['rbind', 'rprivate', 'ro'] },
        { destination: '/src', type: 'bind', source: '/home', options: ['rbind', 'rslave'] },
        { destination: '/dev/null', type: 'bind', source: '/dev/null' },
        { destination: '/mem', type: 'tmpfs', source: 'tmpfs', options: ['nosuid'] },
        { destination: '/cache', type: 'tmpfs', source: 'tmpfs', options: ['size=1m'] },
        { destination: '/kept', type: 'overlay', options: ['userxattr', 'lowerdir=/home/kept', 'nodev'] },
        { destination: '/img', type: 'overlay', options: ['userxattr', 'lowerdir=/l', 'ro'] },
      ],
    },
  );
  const shown = inspectContainer(paths, record) as Shown;
  assert.equal([shown.Id, shown.Name, shown.Path, shown.Args], [record.id, 'web', 'sh', ['-c', 'exit 7']]);
  assert.equal(
    [shown.State.Status, shown.State.Pid, shown.State.StartedAt, shown.State.FinishedAt],
    ['created', 0, '0001-01-01T00:00:00Z', '0001-01-01T00:00:00Z'],
  );
  assert.equal(shown.NetworkSettings.Ports, { '80/tcp': [{ HostIp: '', HostPort: '8080' }], '90/udp': null });
  assert.equal(shown.HostConfig.PortBindings, { '80/tcp': [{ HostIp: '', HostPort: '8080' }] });
  assert.equal(
    shown.Mounts.map((mount: Record<string, unknown>) => [
      mount.Type,
      mount.Name,
      mount.Source,
      mount.Destination,
      mount.RW,
      mount.Propagation,
      mount.Mode,
    ]),
    [
      ['volume', 'db', '/vol/db/_data', '/db', false, 'rprivate', ''],
      ['bind', undefined, '/home', '/src', true, 'rslave', ''],
      ['tmpfs', undefined, '', '/mem', true, '', ''],
      ['bind', undefined, '/home/kept', '/kept', true, '', 'O'],
      ['image', undefined, 'ab12', '/img', false, '', ''],
    ],
  );
  assert.equal(shown.Mounts[3].Options, ['nodev']);
  assert.is(shown.Config.Hostname, 'box');
  JSON.stringify(shown);
});

test('inspect shows how it ended', () => {
  const paths = emptyPaths();
  const record = make(paths, 'web');
  writeFileSync(join(containerDirectory(paths, record.id), 'started'), '1700000000.25');
  writeFileSync(
    join(containerDirectory(paths, record.id), 'exit'),
    '{"exitCode":137,"signal":9,"oomKilled":true,"startedAt":1700000000.25,"finishedAt":1700000001.5,"error":""}\n',
  );
  const { State } = inspectContainer(paths, record) as Shown;
  assert.equal(
    [State.Status, State.ExitCode, State.OOMKilled, State.StartedAt, State.FinishedAt],
    ['exited', 137, true, '2023-11-14T22:13:20.250Z', '2023-11-14T22:13:21.500Z'],
  );
});

test('what is gone meanwhile is not shown', () => {
  const paths = emptyPaths();
  const record = make(paths, 'web');
  rmSync(containerDirectory(paths, record.id), { recursive: true });
  assert.is(inspectContainer(paths, record), undefined);
  assert.equal(listContainers(paths), []);
});

test('an id is mapped where a range has it', () => {
  const ranges = [
    { container: 0, host: 1000, size: 1 },
    { container: 5, host: 100_000, size: 2 },
  ];
  assert.equal(
    [0, 1, 4, 5, 6, 7].map((id) => isMapped(ranges, id)),
    [true, false, false, true, true, false],
  );
});

test.run();
