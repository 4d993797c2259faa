import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { HostFacts } from '../../../../core/container/facts.ts';
import { launchPlan } from '../../../../core/container/launch-plan.ts';
import type { ContainerRecord } from '../../../../core/container/record.ts';
import { emptyPaths, recordOf, specOf } from './fixtures.ts';

const paths = emptyPaths();
const id = 'd'.repeat(64);
const maps = recordOf(id).maps;
const host: HostFacts = {
  defaultMaps: maps,
  cgroups: {
    mode: 'hybrid',
    mount: undefined,
    own: undefined,
    way: undefined,
    controllers: [],
    booted: false,
  },
  lastCapability: 40,
};
const planOf = (more: Partial<ContainerRecord> = {}, detach = false, spec = specOf()) => {
  const record = recordOf(id, { driver: 'copy', ...more });
  return launchPlan({
    paths,
    host,
    spec,
    record,
    mode: detach
      ? { streams: [], line: 'ID', sigProxy: true }
      : { streams: ['in', 'out', 'err'], sigProxy: true },
  }).operations.map((words) => words.join(' '));
};
const directory = `${paths.containers}/${id}`;
const stream = (more: Partial<ContainerRecord>, detach = false) =>
  planOf(more, detach).filter((line) => /^(detach|stdin|output|log|detach-keys)\b/.test(line));

test('the whole plan of a container, in the order of the work', () => {
  assert.equal(planOf(), [
    'unlink-plan',
    `container ${id} ${directory}`,
    `runtime ${paths.runtime}/${id.slice(0, 16)}`,
    `events ${paths.data}/events.jsonl 2097152 5 ${directory}/event`,
    'stdin null',
    'output log',
    `log ${directory}/log k8s-file 10485760 3`,
    'detach-keys \x10\x11',
    'setgroups deny',
    'uidmap 0 1500 1',
    'gidmap 0 1500 1',
    `root-target ${directory}/rootfs`,
    `root-bind ${directory}/copy`,
    'namespace user',
    'root-propagation rec,private',
    'pivot',
    'cwd /',
    'user 0 0 -',
    'capabilities 0 0 0 0 0',
    'env PATH=/bin',
    'exec sh -c exit 7',
  ]);
});

test('with --rm it says what goes: the container, its anonymous volumes, its very own name', () => {
  const anonymous = `${paths.volumes}/${'e'.repeat(64)}`;
  const volumes = [
    { name: 'e'.repeat(64), destination: '/a', anonymous: true },
    { name: 'kept', destination: '/b', anonymous: false },
  ];
  assert.equal(planOf({ autoRemove: true, volumes }).slice(4, 8), [
    `remove-at-exit ${directory} ${paths.trash}/${id}`,
    `release-name ${paths.names}/a_name/${id}`,
    `release-volume ${anonymous}/users/${id} ${anonymous} ${paths.trash}/volume-${'e'.repeat(64)}`,
    `release-volume ${paths.volumes}/kept/users/${id}`,
  ]);
  assert.not(planOf({ volumes }).some((line) => /^(remove|release)/.test(line)));
});

test('where input and output go', () => {
  const log = { driver: 'none', maxSize: 0, maxFiles: 1 } as const;
  const none = { detachKeys: '' };
  assert.equal(stream({ ...none, log: { ...log, driver: 'passthrough' }, interactive: true }), [
    'stdin inherit',
    'output inherit',
  ]);
  assert.equal(stream({ ...none, log: { ...log, driver: 'passthrough' } }, true), [
    'detach ID',
    'stdin null',
    'output inherit',
  ]);
  assert.equal(stream({ ...none, log }), ['stdin null', 'output inherit']);
  assert.equal(stream({ ...none, log }, true), ['detach ID', 'stdin null', 'output log']);
  assert.equal(stream({ ...none, interactive: true }, true).slice(0, 3), [
    'detach ID',
    'stdin pipe',
    'output log',
  ]);
  assert.is(stream({ ...none, interactive: true, tty: true }, true)[1], 'stdin null');
  assert.equal(
    stream({ ...none, log: { driver: 'json-file', maxSize: 5, maxFiles: 2 } }).at(-1),
    `log ${directory}/log json-file 5 2`,
  );
});

test('a pid file, the network and an init process are in it where they were asked for', () => {
  const more = planOf({
    pidfile: '/tmp/pid',
    init: true,
    network: { ...recordOf(id).network, operations: [['network-helper', 'slirp4netns', '@pid@']] },
  });
  for (const line of ['pid-file /tmp/pid', 'network-helper slirp4netns @pid@', 'init'])
    assert.ok(more.includes(line), line);
  assert.ok(
    more.indexOf('init') > more.indexOf('pivot') && more.indexOf('init') < more.indexOf('exec sh -c exit 7'),
  );
});

test('a hint stands before the mount it belongs to', () => {
  const spec = specOf({
    mounts: [{ destination: '/data', type: 'bind', source: '/x', options: ['rbind', 'rprivate'] }],
  });
  const plan = planOf({ hints: { '/data': 'asked for by -v', '/other': 'no' } }, false, spec);
  const at = plan.indexOf('hint asked for by -v');
  assert.is(plan[at + 1], 'bind /x /data rec,private');
  assert.not(plan.includes('hint no'));
});

test.run();
