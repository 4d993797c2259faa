import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseDeviceRate, parseDeviceWeight } from '../../../../../core/container/flags/block-device.ts';
import { checkCpuSet, parseCpuList } from '../../../../../core/container/flags/cpu-set.ts';
import { type ResourceFlags, resourceOptions } from '../../../../../core/container/flags/resource-options.ts';
import { parseUlimits, UNLIMITED } from '../../../../../core/container/flags/ulimit.ts';
import { PodError } from '../../../../../core/error.ts';

const MIB = 1024 * 1024;
const host = { cpus: 2, disk: (path: string) => (path === '/dev/sda' ? { major: 8, minor: 0 } : undefined) };
const read = (flags: ResourceFlags) => resourceOptions(flags, host);

function refused(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (!(error instanceof PodError)) throw error;
    assert.is(error.exitCode, 125);
    return `${error.message}${error.why ? `: ${error.why}` : ''}`;
  }
  return assert.unreachable('it was accepted') as never;
}

test('nothing asked is nothing limited', () => {
  assert.equal(read({}), { resources: {}, shmSize: 64 * MIB, rlimits: [], notices: [] });
  const zeros = {
    memory: '0',
    cpuShares: '0',
    cpus: '0',
    pidsLimit: '0',
    blkioWeight: '0',
    cpuQuota: '0',
    cpuPeriod: '0',
  };
  assert.equal(read(zeros).resources, {});
});

test('memory alone allows as much swap again', () => {
  assert.equal(read({ memory: '100m' }).resources, { memory: { limit: 100 * MIB, swap: 200 * MIB } });
  assert.equal(read({ memory: '100m', memorySwap: '100m' }).resources.memory?.swap, 100 * MIB);
  assert.equal(read({ memory: '100m', memorySwap: '-1' }).resources.memory?.swap, -1);
  assert.equal(read({ memoryReservation: '50m' }).resources, { memory: { reservation: 50 * MIB } });
});

test('memory limits that docker refuses are refused', () => {
  assert.match(
    refused(() => read({ memory: '5m' })),
    '--memory must be 6m at least',
  );
  assert.match(
    refused(() => read({ memory: '100m', memorySwap: '50m' })),
    '--memory-swap must not be less',
  );
  assert.match(
    refused(() => read({ memorySwap: '50m' })),
    '--memory-swap needs --memory',
  );
  assert.match(
    refused(() => read({ memory: '10m', memoryReservation: '20m' })),
    'must not be more than --memory',
  );
  assert.match(
    refused(() => read({ memoryReservation: '1m' })),
    '6m at least',
  );
});

test('cpus are a quota of the period', () => {
  assert.equal(read({ cpus: '1.5' }).resources, { cpu: { quota: 150_000, period: 100_000 } });
  assert.equal(read({ cpus: '0.01' }).resources.cpu?.quota, 1000);
  assert.equal(read({ cpuQuota: '50000', cpuPeriod: '20000' }).resources.cpu, {
    period: 20_000,
    quota: 50_000,
  });
  assert.equal(read({ cpuQuota: '-1' }).resources.cpu, { quota: -1 });
  assert.match(
    refused(() => read({ cpus: '3' })),
    'out of range: 0.01 to 2',
  );
  assert.match(
    refused(() => read({ cpus: 'two' })),
    'invalid value "two" for --cpus',
  );
  assert.match(
    refused(() => read({ cpus: '1', cpuQuota: '5000' })),
    'excludes',
  );
  assert.match(
    refused(() => read({ cpuPeriod: '999' })),
    'between 1000 and 1000000',
  );
  assert.match(
    refused(() => read({ cpuQuota: '999' })),
    '1000 microseconds at least',
  );
  assert.match(
    refused(() => read({ cpuShares: '-5' })),
    '--cpu-shares',
  );
});

test('sets of CPUs are checked against those that are online', () => {
  assert.is(checkCpuSet('--cpuset-cpus', '0-1', '0-3\n'), '0-1');
  assert.match(
    refused(() => checkCpuSet('--cpuset-cpus', '0,9', '0-3\n')),
    'cannot use the CPUs 0,9: available here: 0-3',
  );
  assert.match(
    refused(() => checkCpuSet('--cpuset-mems', '1', '0\n')),
    'memory nodes',
  );
  for (const bad of ['', 'a', '3-1', '0-', '0,,1', '0-99999999']) {
    assert.match(
      refused(() => checkCpuSet('--cpuset-cpus', bad, '0-3')),
      'invalid value',
    );
  }
  assert.equal(parseCpuList('0-2,7,1\n'), [0, 1, 2, 7]);
});

test('block I/O is limited by device', () => {
  const { resources } = read({
    blkioWeight: '300',
    blkioWeightDevice: ['/dev/sda:100'],
    deviceReadBps: ['/dev/sda:1mb'],
    deviceWriteIops: ['/dev/sda:50'],
  });
  assert.equal(resources.blockIO, {
    weight: 300,
    weightDevice: [{ major: 8, minor: 0, weight: 100 }],
    throttleReadBpsDevice: [{ major: 8, minor: 0, rate: MIB }],
    throttleWriteIOPSDevice: [{ major: 8, minor: 0, rate: 50 }],
  });
  assert.match(
    refused(() => read({ blkioWeight: '5' })),
    'between 10 and 1000',
  );
  assert.match(
    refused(() => parseDeviceRate('--device-read-bps', '/dev/sdz:1mb', 'bps', host.disk)),
    'not a block device',
  );
  for (const bad of ['sda:1mb', '/dev/sda', '/dev/sda:', ':1']) {
    assert.match(
      refused(() => parseDeviceRate('--device-read-bps', bad, 'bps', host.disk)),
      /invalid (value|size)/,
    );
  }
  assert.match(
    refused(() => parseDeviceRate('--device-read-iops', '/dev/sda:1mb', 'iops', host.disk)),
    'invalid value',
  );
  assert.match(
    refused(() => parseDeviceWeight('/dev/sda:9', host.disk)),
    'invalid value',
  );
});

const limits =
  'Limit Soft Limit Hard Limit Units\nMax open files            1024                 4096                 files\nMax core file size        0                    unlimited            bytes\n';

test('ulimits take docker’s names, soft and hard', () => {
  assert.equal(
    parseUlimits(['nofile=100:200', 'core=-1', 'nofile=50'], () => limits),
    [
      { type: 'RLIMIT_NOFILE', soft: 50, hard: 50 },
      { type: 'RLIMIT_CORE', soft: UNLIMITED, hard: UNLIMITED },
    ],
  );
  assert.equal(
    parseUlimits(['nofile=host'], () => limits),
    [{ type: 'RLIMIT_NOFILE', soft: 1024, hard: 4096 }],
  );
  for (const bad of ['nofile', 'nofile=', 'files=3', 'nofile=a', 'nofile=1:2:3', 'NOFILE=3']) {
    assert.match(
      refused(() => parseUlimits([bad], () => limits)),
      'for --ulimit',
    );
  }
  assert.match(
    refused(() => parseUlimits(['nofile=5:3'], () => limits)),
    'soft limit is above',
  );
  assert.match(
    refused(() => parseUlimits(['nofile=5000'], () => limits)),
    "this user's hard limit is 4096",
  );
});

test('unlimited survives JSON as a number that a runtime can read', () => {
  assert.ok(BigInt(JSON.stringify(UNLIMITED)) < 2n ** 64n);
});

test('what cgroup v2 has no word for is said, not dropped', () => {
  assert.is(read({ oomKillDisable: true }).notices.length, 1);
  assert.is(read({ oomScoreAdj: '-500' }).oomScoreAdj, -500);
  assert.match(
    refused(() => read({ oomScoreAdj: '1001' })),
    '--oom-score-adj',
  );
});

test('the size of /dev/shm has a default', () => {
  assert.is(read({ shmSize: '1g' }).shmSize, 1024 * MIB);
  assert.is(read({ shmSize: '0' }).shmSize, 64 * MIB);
  assert.match(
    refused(() => read({ shmSize: '-1' })),
    '--shm-size',
  );
});

test('a number of processes below zero is no limit', () => {
  assert.equal(read({ pidsLimit: '-1' }).resources, {});
  assert.equal(read({ pidsLimit: '20' }).resources, { pids: { limit: 20 } });
  assert.match(
    refused(() => read({ pidsLimit: '1.5' })),
    '--pids-limit',
  );
});

test.run();
