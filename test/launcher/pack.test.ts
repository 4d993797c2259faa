import { spawnSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type FoundEntry, parseFileStream } from '../../rootless/file-stream.ts';
import { encodePlan, type Operation } from '../../rootless/plan.ts';
import { buildLauncher, sanitizers, scratch } from './build.ts';

const launcher = buildLauncher();
Object.assign(process.env, sanitizers, { PATH: '/usr/bin:/bin' });
const directory = () => mkdtempSync(join(scratch(), 'pack-'));

interface Packed {
  code: number | string | null;
  stderr: string;
  entries: FoundEntry[];
  lines: string[];
}

function pack(...job: string[]): Packed {
  const { status, signal, stdout, stderr } = spawnSync(
    launcher,
    ['-c', encodePlan('enter', [job as Operation])],
    {
      maxBuffer: 1 << 26,
    },
  );
  const entries: FoundEntry[] = [];
  const lines: string[] = [];
  if (status === 0) {
    const parser = parseFileStream({
      entry: (entry) => {
        entries.push(entry);
        lines.push(
          `${entry.type} ${entry.path}${entry.linkTarget && ` -> ${entry.linkTarget}`} ${entry.below}`,
        );
      },
      data: (bytes) => lines.push(`data ${bytes.length}`),
      hole: (length) => lines.push(`hole ${length}`),
      whiteout: (path, below) => lines.push(`whiteout ${path} ${below}`),
    });
    parser.write(stdout);
    parser.end();
  }
  return { code: status ?? signal, stderr: stderr.toString(), entries, lines };
}

test('a tree is written in the order of its names, with links, holes and empty files', () => {
  const dir = directory();
  mkdirSync(join(dir, 'b'));
  writeFileSync(join(dir, 'b/x'), 'hello');
  writeFileSync(join(dir, 'a\n\xff'), '');
  linkSync(join(dir, 'b/x'), join(dir, 'c'));
  symlinkSync('/etc/shadow', join(dir, 'l'));
  writeFileSync(join(dir, 's'), 'x');
  truncateSync(join(dir, 's'), 1 << 20);
  const { code, lines, entries, stderr } = pack('pack', dir, '/', 'top', '-');
  assert.equal([code, stderr], [0, '']);
  assert.equal(lines.slice(0, 2), ['directory top false', 'file top/a\n\xc3\xbf false']);
  assert.equal(lines.slice(2, 7), [
    'directory top/b false',
    'file top/b/x false',
    'data 5',
    'hardlink top/c -> top/b/x false',
    'symlink top/l -> /etc/shadow false',
  ]);
  const sparse = entries.find(({ path }) => path === 'top/s')!;
  assert.is(sparse.size, 1 << 20);
  assert.is(sparse.pieces?.length, 1);
  assert.match(lines.at(-1)!, /^hole \d+$/);
});

test('paths are resolved inside the root, links at the end only when told', () => {
  const dir = directory();
  writeFileSync(join(dir, 'f'), 'x');
  symlinkSync('/f', join(dir, 'absolute'));
  symlinkSync('../../../../../../etc/passwd', join(dir, 'up'));
  assert.equal(pack('pack', dir, '/absolute', '', 'shallow').lines, ['symlink  -> /f false']);
  assert.equal(pack('pack', dir, '/absolute', 'n', 'shallow,follow').lines, ['file n false']);
  assert.equal(pack('pack', dir, '../../f', 'n', '-').lines, ['file n false', 'data 1']);
  assert.is(pack('pack', dir, '/up', 'n', 'follow').code, 5);
  const missing = pack('pack', dir, '/f/below', 'n', '-');
  assert.equal([missing.code, missing.stderr], [5, 'pack: cannot find /f/below: Not a directory\n']);
});

test('a layer tells what it hides and what the layers below have', () => {
  const dir = directory();
  for (const name of ['up/d', 'up/n', 'low/d/deep', 'low/gone'])
    mkdirSync(join(dir, name), { recursive: true });
  writeFileSync(join(dir, 'low/d/f'), '1');
  writeFileSync(join(dir, 'low/old'), '1');
  writeFileSync(join(dir, 'up/d/f'), '22');
  writeFileSync(join(dir, 'up/.wh.old'), '');
  writeFileSync(join(dir, 'up/.wh.never'), '');
  const layer = (...more: string[]) => pack('pack-layer', ...more, join(dir, 'up'), join(dir, 'low'));
  assert.equal(layer('marks').lines.slice(1), [
    'whiteout old true',
    'directory d same',
    'file d/f other',
    'data 2',
    'directory n false',
  ]);
  assert.equal(layer('-').lines.slice(1, 3), ['file .wh.never false', 'file .wh.old false']);
  writeFileSync(join(dir, 'up/d/.wh..wh..opq'), '');
  assert.equal(layer('marks,list').lines.slice(2, 5), [
    'directory d same',
    'whiteout d/deep true',
    'file d/f other',
  ]);
  const whole = pack('pack-layer', 'list,whole', join(dir, 'low'), join(dir, 'low'));
  assert.equal([whole.code, whole.lines], [0, []]);
});

test('what cannot be written, and trees that are too deep, end it with a word', () => {
  const dir = directory();
  const name = 'n'.repeat(250);
  mkdirSync(join(dir, ...Array<string>(15).fill(name)).slice(0, 4090), { recursive: true });
  const deep = pack('pack', dir, '/', 'p'.repeat(400), 'list');
  assert.is(deep.code, 4);
  assert.match(deep.stderr, /^pack: cannot write .*File name too long\n$/);
  rmSync(dir, { recursive: true });
});

test('a tree that is swapped for links while it is walked shows nothing of elsewhere', async () => {
  const dir = directory();
  const secret = directory();
  mkdirSync(join(secret, 'sub'));
  writeFileSync(join(secret, 'sub/f'), 'secret-secret');
  mkdirSync(join(dir, 'sub'));
  writeFileSync(join(dir, 'sub/f'), 'x');
  const code = `const {renameSync,symlinkSync,unlinkSync}=require('node:fs');const [dir,secret]=require('node:worker_threads').workerData;
    for(;;){renameSync(dir+'/sub',dir+'/.away');symlinkSync(secret+'/sub',dir+'/sub');unlinkSync(dir+'/sub');renameSync(dir+'/.away',dir+'/sub');}`;
  const worker = new Worker(code, { eval: true, workerData: [dir, secret] });
  worker.on('error', () => {});
  try {
    for (let turn = 0; turn < 30; turn++) {
      const { code: status, lines } = pack('pack', dir, '/', 't', '-');
      assert.is(status, 0);
      assert.not.ok(lines.includes('data 13'), lines.join('\n'));
      const inner = pack('pack', dir, '/sub/f', 't', '-');
      assert.not.ok(inner.lines.includes('data 13'), inner.lines.join('\n'));
    }
  } finally {
    await worker.terminate();
  }
});

test.run();
