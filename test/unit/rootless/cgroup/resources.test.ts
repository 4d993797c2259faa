import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  blkioToIoWeight,
  cgroupSettings,
  type LinuxResources,
  sharesToWeight,
} from '../../../../rootless/cgroup/resources.ts';

const files = (resources: LinuxResources) =>
  cgroupSettings(resources).map(
    ({ choices, optional }) => `${choices.map((c) => c.join('=')).join('|')}${optional ? '?' : ''}`,
  );

test('shares become weights as runc and crun reckon since 2025', () => {
  const expected = [
    [0, 1],
    [2, 1],
    [1024, 100],
    [2000, 170],
    [262_144, 10_000],
    [500_000, 10_000],
  ] as const;
  for (const [shares, weight] of expected) assert.is(sharesToWeight(shares), weight);
});

test('weights of block I/O are stretched from 10..1000 to 1..10000', () => {
  assert.equal([10, 500, 1000].map(blkioToIoWeight), [1, 4950, 10_000]);
});

test('swap counts memory too in the specification, and not in the kernel', () => {
  assert.equal(files({ memory: { limit: 100, swap: 300, reservation: 50 } }), [
    'memory.max=100',
    'memory.low=50',
    'memory.swap.max=200?',
  ]);
  assert.equal(files({ memory: { limit: 100, swap: 100 } }), ['memory.max=100', 'memory.swap.max=0?']);
  assert.equal(files({ memory: { limit: 100, swap: -1 } }), ['memory.max=100', 'memory.swap.max=max?']);
  assert.equal(files({ memory: { limit: -1 } }), ['memory.max=max', 'memory.swap.max=max?']);
  assert.equal(files({ memory: { limit: 100 } }), ['memory.max=100']);
});

test('quota and period are one file, and no quota is max', () => {
  assert.equal(files({ cpu: { quota: 150_000, period: 100_000 } }), ['cpu.max=150000 100000']);
  assert.equal(files({ cpu: { quota: 50_000 } }), ['cpu.max=50000 100000']);
  assert.equal(files({ cpu: { quota: -1, period: 50_000 } }), ['cpu.max=max 50000']);
  assert.equal(files({ cpu: { shares: 1024, cpus: '0-1', mems: '0', idle: 1 } }), [
    'cpu.weight=100',
    'cpu.idle=1',
    'cpuset.cpus=0-1',
    'cpuset.mems=0',
  ]);
});

test('a limit of processes below one is no limit', () => {
  assert.equal(files({ pids: { limit: 20 } }), ['pids.max=20']);
  assert.equal(files({ pids: { limit: -1 } }), ['pids.max=max']);
});

test('throttles of one device are one line', () => {
  const device = (rate: number) => [{ major: 8, minor: 0, rate }];
  const blockIO = {
    weight: 500,
    weightDevice: [{ major: 8, minor: 16, weight: 100 }],
    throttleReadBpsDevice: [...device(1024), { major: 8, minor: 16, rate: 5 }],
    throttleWriteIOPSDevice: device(10),
  };
  assert.equal(files({ blockIO }), [
    'io.bfq.weight=500|io.weight=4950',
    'io.bfq.weight=8:16 100|io.weight=8:16 910',
    'io.max=8:0 rbps=1024 wiops=10',
    'io.max=8:16 rbps=5',
  ]);
});

test('unified files go as they are, and only those of controllers', () => {
  assert.equal(files({ unified: { 'memory.high': '1000' } }), ['memory.high=1000']);
  for (const file of ['cgroup.procs', '../memory.max', 'memory.max/../x', 'memory', '']) {
    assert.throws(() => cgroupSettings({ unified: { [file]: '1' } }), 'cannot set the cgroup file');
  }
});

test('huge pages are limited by size', () => {
  assert.equal(files({ hugepageLimits: [{ pageSize: '2MB', limit: 4096 }] }), [
    'hugetlb.2MB.max=4096',
    'hugetlb.2MB.rsvd.max=4096?',
  ]);
  assert.throws(() => cgroupSettings({ hugepageLimits: [{ pageSize: '../x', limit: 1 }] }));
});

test('no wish is no setting', () => {
  assert.equal(cgroupSettings({}), []);
  assert.equal(cgroupSettings({ memory: {}, cpu: {}, pids: {}, blockIO: {} }), []);
});

test.run();
