/** copy.c and apply.c with trees of an image or of a container that runs: whatever they are, there is an answer. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeFileOps } from '../../rootless/file-ops.ts';
import { encodePlan, type Operation } from '../../rootless/plan.ts';
import { buildLauncher, sanitizers, scratch } from './build.ts';

const launcher = buildLauncher();
Object.assign(process.env, sanitizers, { PATH: '/usr/bin:/bin' });
const directory = () => mkdtempSync(join(scratch(), 'tree-'));

/** With at most so many files open at once. */
function enter(job: Operation, input: Buffer = Buffer.alloc(0), descriptors = 1024) {
  const plan = encodePlan('enter', [job]);
  const { status, signal, stderr } = spawnSync(
    'sh',
    ['-c', `ulimit -n ${descriptors}; exec "$0" -c "$1"`, launcher, plan],
    { input },
  );
  return { code: status ?? signal, stderr: stderr.toString() };
}

test('a tree deeper than files can be open is refused in words that steer no terminal', () => {
  const from = directory();
  mkdirSync(join(from, 'a\x1b]0;x\x07/'.repeat(60)), { recursive: true });
  for (let descriptors = 40; descriptors < 44; descriptors++) {
    const to = directory();
    const { code, stderr } = enter(['copy-tree', from, to], undefined, descriptors);
    assert.match(stderr, /^cannot [a-z ]+ \/a\?\]0;x\?\/[^\p{Cc}]+: Too many open files\n$/u);
    assert.is(code, 1);
    rmSync(to, { recursive: true });
  }
  rmSync(from, { recursive: true });
});

test('renames all over the file system keep nothing from being found behind a link with dots', async () => {
  const [root, elsewhere] = [directory(), directory()];
  mkdirSync(join(root, 'var'));
  symlinkSync('../run', join(root, 'var/run'));
  mkdirSync(join(elsewhere, 'a'));
  const code = `const {renameSync}=require('node:fs');const dir=require('node:worker_threads').workerData;
    for(;;){renameSync(dir+'/a',dir+'/b');renameSync(dir+'/b',dir+'/a');}`;
  const worker = new Worker(code, { eval: true, workerData: elsewhere });
  worker.on('error', () => {});
  const ops = encodeFileOps();
  const meta = {
    mode: 0o755,
    uid: process.getuid!(),
    gid: process.getgid!(),
    mtime: { seconds: 1, nanoseconds: 0 },
  };
  ops.directory('run', meta);
  for (let i = 0; i < 3000; i++) {
    ops.directory(`run/${i}`, meta);
    ops.directory(`var/run/${i}/x`, meta);
  }
  ops.end();
  try {
    assert.equal(enter(['apply', root], Buffer.concat(ops.take())), { code: 0, stderr: '' });
    assert.is(readdirSync(join(root, 'run')).length, 3000);
  } finally {
    await worker.terminate();
  }
});

test.run();
