/** Contexts that somebody made to harm, and those that merely are large. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { TarSink } from '../../core/archive/tar-parser.ts';
import { contextOf, copyTo, folder, refusal, rootOf, select, tree } from './copy-lab.ts';
import { test } from './harness/index.ts';
import { asRoot } from './unpack-lab.ts';

const words = async (work: Promise<unknown>): Promise<string> => {
  const { code, message, why } = await refusal(work);
  return `${code}: ${message}: ${why}`;
};

test('a named pipe is made anew, and not opened; a socket is left out', async () => {
  const context = folder('d/f: x');
  execFileSync('mkfifo', ['-m', '640', join(context, 'd/pipe')]);
  const server = createServer().listen(join(context, 'd/socket'));
  await new Promise((resolve) => server.once('listening', resolve));
  const root = await rootOf();
  await copyTo(root, await select(context, ['d']), { destination: '/' });
  server.close();
  assert.equal(await tree(root), ['f 644 0:0 f : x', 'p 640 0:0 pipe']);
});

test('a device of the host is refused', async () => {
  assert.is(
    await words(select('/dev', ['null'])),
    'unsupported: cannot copy null of the build context: it is a device',
  );
});

test('a file of 5 GB that is all holes stays one, and takes no memory', async () => {
  const context = folder('sparse: x');
  truncateSync(join(context, 'sparse'), 5e9);
  const root = await rootOf();
  const before = process.memoryUsage().rss;
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss);
  }, 20);
  await copyTo(root, await select(context, ['sparse']), { destination: '/' });
  clearInterval(watch);
  assert.ok(most - before < 200 << 20, `${(most - before) >> 20} MiB more`);
  const [size, blocks] = (await asRoot('stat -c "%s %b" "$1/sparse"', [root])).trim().split(' ').map(Number);
  assert.is(size, 5e9);
  assert.ok(blocks! < 10_000, `${blocks} blocks`);
});

test('a file that changes between the look and the copy is refused', async () => {
  const large = 'x'.repeat(3 << 20);
  for (const change of [
    (path: string) => writeFileSync(path, 'y'.repeat(3 << 20)),
    (path: string) => truncateSync(path, 5),
    (path: string) => rmSync(path),
    (path: string) => {
      rmSync(path);
      execFileSync('ln', ['-s', '/etc/passwd', path]);
    },
  ]) {
    const context = folder(`f: ${large}`);
    const selection = await select(context, ['f']);
    change(join(context, 'f'));
    assert.is(
      await words(copyTo(await rootOf(), selection, { destination: '/' })),
      'conflict: cannot read f of the build context: it was changed while the build read it',
    );
  }
});

test('a file that changes while it is read is refused', async () => {
  const context = folder(`f: ${'x'.repeat(3 << 20)}`);
  const files = contextOf(context);
  const { entries } = (await files.walk('f'))!;
  let pieces = 0;
  const sink: TarSink = {
    entry: () => {},
    hole: () => {},
    data: () => {
      if (pieces++ === 1) writeFileSync(join(context, 'f'), 'z'.repeat(3 << 20));
    },
  };
  assert.match(
    await words(files.read(entries, sink, async () => {})),
    /it was changed while the build read it/,
  );
});

test('names with line breaks, escapes and bytes that are no UTF-8 are copied as they are', async () => {
  const context = folder();
  const names = ['new\nline', '\x1b[2J', 'quote"\'', 'back\\slash', '*', 'caf\xe9', '\xff\xfe'];
  for (const name of names) writeFileSync(Buffer.from(`${context}/${name}`, 'latin1'), 'x');
  const root = await rootOf();
  await copyTo(root, await select(context, ['.']), { destination: '/' });
  await copyTo(root, await select(context, ['\\*']), { destination: '/star' });
  const found = await asRoot('cd "$1"; find . -type f -print0 | base64 -w0', [root]);
  const copied = Buffer.from(found, 'base64').toString('latin1').split('\0').filter(Boolean);
  assert.equal(copied.sort(), [...names, 'star'].map((name) => `./${name}`).sort());
  const refused = await refusal(select(context, ['\x1b]red']));
  assert.is(refused.message, 'cannot copy \\u{1b}]red');
});

test('what the user may not read is told with the way out', async () => {
  const context = folder('closed/f: x', 'secret: x');
  chmodSync(join(context, 'closed'), 0o000);
  chmodSync(join(context, 'secret'), 0o000);
  try {
    for (const name of ['closed', 'secret']) {
      const { code, why, hint } = await refusal(select(context, [name]));
      assert.equal(
        [code, why, hint],
        ['denied', 'you may not read it', 'change its mode, or leave it out by a line in .dockerignore'],
      );
    }
  } finally {
    chmodSync(join(context, 'closed'), 0o755);
  }
});

test('a tree deeper than any path may be long is refused', async () => {
  const context = folder();
  // Made from within: the whole path is too long for a system call.
  execFileSync('python3', [
    '-c',
    'import os,sys\nos.chdir(sys.argv[1])\nfor _ in range(40):\n  n="d"*120\n  os.mkdir(n)\n  os.chdir(n)\nopen("f","w")',
    context,
  ]);
  const { code, why } = await refusal(select(context, ['.']));
  assert.equal([code, why], ['invalid', 'its path is too long']);
  execFileSync('rm', ['-r', context]);
});

test('10 000 files in deep directories are copied in seconds', async () => {
  const context = folder();
  for (let d = 0; d < 100; d++) {
    const directory = join(context, `a${d % 10}/b/c/d${d}`);
    mkdirSync(directory, { recursive: true });
    for (let f = 0; f < 100; f++) writeFileSync(join(directory, `f${f}`), `${d}-${f}`);
  }
  const root = await rootOf();
  const began = performance.now();
  await copyTo(root, await select(context, ['.']), { destination: '/' });
  assert.ok(performance.now() - began < 15_000);
  assert.is((await asRoot('find "$1" -type f | wc -l', [root])).trim(), '10000');
});

test.run();
