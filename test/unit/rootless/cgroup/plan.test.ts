import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PodError } from '../../../../core/error.ts';
import { freeze, isFrozen, updateLimits } from '../../../../rootless/cgroup/control.ts';
import { type CgroupFacts, cgroupFacts, parseOwnGroup } from '../../../../rootless/cgroup/facts.ts';
import { cgroupPlan } from '../../../../rootless/cgroup/plan.ts';

const systemd: CgroupFacts = {
  mode: 'unified',
  mount: '/sys/fs/cgroup',
  own: '/user.slice/user-1000.slice/session-1.scope',
  way: { kind: 'systemd', program: '/usr/bin/systemd-run', user: true, runtimeDir: undefined },
  controllers: ['cpu', 'memory', 'pids'],
  booted: true,
};
const direct: CgroupFacts = {
  ...systemd,
  way: { kind: 'direct', parent: '/sys/fs/cgroup/ann', evacuate: false },
  booted: false,
};

function refusal(facts: CgroupFacts, resources = { memory: { limit: 1 } }): PodError {
  try {
    cgroupPlan(facts, { id: 'abc', resources, always: false });
  } catch (error) {
    if (error instanceof PodError) return error;
    throw error;
  }
  return assert.unreachable('it was accepted') as never;
}

test('with systemd the launcher starts in a scope and makes the groups in it', () => {
  const resources = { memory: { limit: 1000, swap: 2000 }, pids: { limit: 5 } };
  assert.equal(cgroupPlan(systemd, { id: 'abc', resources, always: false }), {
    prefix: [
      '/usr/bin/systemd-run',
      '--user',
      '--scope',
      '--quiet',
      '--collect',
      `--unit=tsc-pod-abc-${process.pid}.scope`,
      '--property=Delegate=yes',
      '--',
    ],
    ops: [
      ['cgroup-base', 'self', 'required'],
      ['cgroup-controllers', '+cpu', '+memory', '+pids'],
      ['cgroup-container', 'container'],
      ['cgroup-set', 'memory.max', '1000'],
      ['cgroup-try', 'memory.swap.max', '1000'],
      ['cgroup-set', 'pids.max', '5'],
    ],
  });
});

test('without XDG_RUNTIME_DIR the scope is asked for where the manager is', () => {
  const facts: CgroupFacts = {
    ...systemd,
    way: { ...systemd.way, runtimeDir: '/run/user/1000' } as CgroupFacts['way'],
  };
  const { prefix } = cgroupPlan(facts, { id: 'abc', resources: { pids: { limit: 5 } }, always: false });
  assert.equal(prefix.slice(0, 3), [
    '/usr/bin/env',
    'XDG_RUNTIME_DIR=/run/user/1000',
    '/usr/bin/systemd-run',
  ]);
});

test('a scope is made only for those who need it, a group of ours always', () => {
  assert.equal(cgroupPlan(systemd, { id: 'a', resources: {}, always: false }), { prefix: [], ops: [] });
  assert.is(cgroupPlan(systemd, { id: 'a', resources: {}, always: true }).ops.length, 3);
  assert.equal(cgroupPlan(direct, { id: 'a', resources: {}, always: false }).ops[0], [
    'cgroup-base',
    '/sys/fs/cgroup/ann/tsc-pod-a',
    'optional',
  ]);
  assert.equal(cgroupPlan({ ...direct, controllers: [] }, { id: 'a', resources: {}, always: true }).ops, []);
});

test('a limit without its controller is an error that says how to get it', () => {
  const error = refusal({ ...systemd, controllers: ['pids'] });
  assert.is(error.code, 'unsupported');
  assert.is(error.exitCode, 125);
  assert.is(error.message, 'cannot limit memory');
  assert.is(error.why, 'the cgroup controller memory is not delegated to this user');
  assert.match(error.hint ?? '', /Delegate=cpu cpuset io memory pids.*user@\.service\.d\/delegate\.conf/);
});

test('the way out fits the system', () => {
  assert.match(refusal({ ...systemd, way: undefined, controllers: [] }).hint ?? '', 'loginctl enable-linger');
  assert.match(refusal({ ...direct, way: undefined, controllers: [] }).hint ?? '', 'chown -R');
  assert.match(refusal({ ...systemd, mode: 'v1', controllers: [] }).hint ?? '', 'unified_cgroup_hierarchy');
  assert.match(refusal({ ...systemd, mode: 'hybrid', controllers: [] }).why ?? '', 'beside v1');
});

test('where two files could do, the launcher takes the first that is there', () => {
  const wish = { id: 'a', resources: { blockIO: { weight: 1000 } }, always: false };
  assert.equal(cgroupPlan({ ...direct, controllers: ['io'] }, wish).ops.at(-1), [
    'cgroup-set',
    'io.bfq.weight',
    '1000',
    'io.weight',
    '10000',
  ]);
});

test('other processes are moved only for a limit', () => {
  const facts: CgroupFacts = { ...direct, way: { kind: 'direct', parent: '/sys/fs/cgroup', evacuate: true } };
  assert.equal(cgroupPlan(facts, { id: 'a', resources: {}, always: true }).ops, []);
  assert.equal(
    cgroupPlan(facts, { id: 'a', resources: { pids: { limit: 9 } }, always: false }).ops.slice(0, 2),
    [
      ['cgroup-evacuate', '/sys/fs/cgroup', 'tsc-pod-others'],
      ['cgroup-base', '/sys/fs/cgroup/tsc-pod-a', 'required'],
    ],
  );
});

let root = '';
test.before.each(() => {
  root = mkdtempSync(join(tmpdir(), 'cgroup-'));
});
test.after.each(() => rmSync(root, { recursive: true, force: true }));

function lay(files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

test('limits of a container that runs are written into its group, all or none', () => {
  lay({
    'memory.max': '1\n',
    'cpu.max': 'max 100000\n',
    'cgroup.freeze': '0\n',
    'cgroup.events': 'frozen 0\n',
  });
  updateLimits(direct, root, { memory: { limit: 9, swap: 18 }, cpu: { quota: 1000, period: 100_000 } });
  assert.is(readFileSync(join(root, 'memory.max'), 'utf8').trim(), '9');
  assert.is(readFileSync(join(root, 'cpu.max'), 'utf8').slice(0, 11), '1000 100000');
  assert.not.ok(existsSync(join(root, 'memory.swap.max')));
  const both = { memory: { limit: 7 }, pids: { limit: 5 } };
  assert.throws(() => updateLimits(direct, root, both), 'cannot set pids.max');
  assert.is(readFileSync(join(root, 'memory.max'), 'utf8').trim(), '9');
  assert.throws(() => updateLimits({ ...direct, controllers: [] }, root, both), 'cannot limit memory');
  freeze(root, true);
  assert.is(readFileSync(join(root, 'cgroup.freeze'), 'utf8').trim(), '1');
  assert.is(isFrozen(root), false);
  lay({ 'cgroup.events': 'populated 1\nfrozen 1\n' });
  assert.is(isFrozen(root), true);
  assert.throws(() => freeze(join(root, 'gone'), true), 'cannot set cgroup.freeze');
});

test('a limit that is taken away is reset, and all come back when one is refused', () => {
  lay({
    'memory.max': '9\n',
    'pids.max': '5\n',
    'cpu.max': '1000 100000\n',
    'cpuset.cpus': '0\n',
    'io.max': '8:0 rbps=5 wbps=max riops=max wiops=max\n',
  });
  const read = (file: string) => readFileSync(join(root, file), 'utf8').split('\n')[0];
  const before = {
    memory: { limit: 9 },
    pids: { limit: 5 },
    cpu: { quota: 1000, period: 100_000, cpus: '0' },
    blockIO: { throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 5 }] },
  };
  const facts = { ...direct, controllers: ['memory', 'pids', 'cpu', 'cpuset', 'io'] };
  const undo = updateLimits(facts, root, { memory: { limit: 77 } }, before);
  assert.equal(['memory.max', 'pids.max', 'cpu.max', 'cpuset.cpus', 'io.max'].map(read), [
    '77',
    'max',
    'max 100000',
    '',
    '8:0 rbps=max wbps=max riops=max wiops=max',
  ]);
  undo();
  assert.equal(['memory.max', 'pids.max', 'cpu.max', 'cpuset.cpus', 'io.max'].map(read), [
    '9',
    '5',
    '1000 100000',
    '0',
    '8:0 rbps=5 wbps=max riops=max wiops=max',
  ]);
});

test("a user's manager tells which controllers are delegated", () => {
  const manager = 'sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service';
  lay({
    'sys/fs/cgroup/cgroup.procs': '',
    'proc/self/cgroup': '0::/user.slice/user-1000.slice/session-1.scope\n',
    'run/systemd/system/x': '',
    'run/user/1000/systemd/private': '',
    [`${manager}/cgroup.controllers`]: 'cpu memory pids\n',
    [`${manager}/cgroup.type`]: 'domain\n',
    [`${manager}/memory.max`]: 'max\n',
    'bin/systemd-run': '#!/bin/sh\n',
  });
  const facts = cgroupFacts(1000, { PATH: '/bin' }, root);
  assert.is(facts.mode, 'unified');
  assert.is(facts.booted, true);
  if (facts.way) {
    assert.equal(facts.controllers, ['cpu', 'memory', 'pids']);
  }
});

test('a group of ours is found beside our own', () => {
  lay({
    'sys/fs/cgroup/cgroup.procs': '',
    'sys/fs/cgroup/ann/cgroup.procs': '',
    'sys/fs/cgroup/ann/cgroup.type': 'domain',
    'sys/fs/cgroup/ann/cgroup.subtree_control': '',
    'sys/fs/cgroup/ann/cgroup.controllers': 'memory pids\n',
    'sys/fs/cgroup/ann/shell/cgroup.procs': '1\n',
    'proc/self/cgroup': '0::/ann/shell\n',
  });
  const facts = cgroupFacts(1000, {}, root);
  assert.equal(facts.way, { kind: 'direct', parent: join(root, 'sys/fs/cgroup/ann'), evacuate: false });
  assert.equal(facts.controllers, ['memory', 'pids']);
});

test('the root of a cgroup namespace is not shared with its processes', () => {
  lay({
    'sys/fs/cgroup/cgroup.procs': '1\n',
    'sys/fs/cgroup/cgroup.type': 'domain\n',
    'sys/fs/cgroup/cgroup.subtree_control': '',
    'proc/self/cgroup': '0::/\n',
  });
  assert.equal(cgroupFacts(1000, {}, root).way, {
    kind: 'direct',
    parent: join(root, 'sys/fs/cgroup'),
    evacuate: true,
  });
});

test('a system without cgroup v2 is told', () => {
  lay({ 'sys/fs/cgroup/memory/tasks': '', 'proc/self/cgroup': '4:memory:/\n' });
  assert.is(cgroupFacts(1000, {}, root).mode, 'v1');
  rmSync(join(root, 'sys'), { recursive: true });
  assert.is(cgroupFacts(1000, {}, root).mode, 'none');
});

test('the own group is the line of hierarchy 0', () => {
  assert.is(parseOwnGroup('4:memory:/x\n0::/a/b c\n'), '/a/b c');
  assert.is(parseOwnGroup('0::/a (deleted)\n'), '/a');
  assert.is(parseOwnGroup('4:memory:/x\n'), undefined);
});

test.run();
