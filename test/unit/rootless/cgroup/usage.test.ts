import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseIoStat, parseMemoryEvents, readUsage } from '../../../../rootless/cgroup/usage.ts';

test('kills for want of memory are counted', () => {
  const text = 'low 0\nhigh 0\nmax 21\noom 2\noom_kill 1\noom_group_kill 0\n';
  assert.equal(parseMemoryEvents(text), { events: 2, kills: 1 });
  assert.equal(parseMemoryEvents(''), { events: 0, kills: 0 });
});

test('devices are summed up', () => {
  const text =
    '8:0 rbytes=100 wbytes=20 rios=3 wios=4 dbytes=9 dios=1\n8:16 rbytes=1 wbytes=2 rios=1 wios=1\n253:0\n';
  assert.equal(parseIoStat(text), { readBytes: 101, writeBytes: 22, reads: 4, writes: 5 });
});

test('memory in use is without the cache that can be dropped', () => {
  const group = mkdtempSync(join(tmpdir(), 'usage-'));
  const files = {
    'cpu.stat': 'usage_usec 1500\nuser_usec 1000\nsystem_usec 500\nnr_periods 10\nnr_throttled 4\n',
    'memory.current': '5000\n',
    'memory.max': '10000\n',
    'memory.stat': 'anon 100\ninactive_file 1200\nactive_file 3\n',
    'pids.current': '3\n',
    'pids.max': 'max\n',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(group, name), text);
  const usage = readUsage(group);
  assert.is(usage?.memory.used, 3800);
  assert.is(usage?.memory.limit, 10_000);
  assert.equal(usage?.pids, { current: 3, limit: undefined });
  assert.is(usage?.cpu.throttled, 4);
  rmSync(group, { recursive: true });
  assert.is(readUsage(group), undefined);
});

test.run();
