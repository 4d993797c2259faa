/** Hostile contexts and Dockerfiles, as the built binary takes them: refused in a sentence, soon, and in little memory. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { files } from './build-lab.ts';
import { folder } from './copy-lab.ts';
import { pod, startPod, test } from './harness/index.ts';

/** The first line of its error; the memory that it took at most, in MiB. */
async function refused(args: string[], status = 125): Promise<{ said: string; most: number }> {
  const child = startPod(['build', '--progress', 'quiet', '--network', 'none', ...args]);
  let [talk, most] = ['', 0];
  child.stderr!.on('data', (chunk) => {
    talk += chunk;
  });
  child.stdin!.end();
  const watch = setInterval(() => {
    try {
      const peak = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1];
      most = Math.max(most, Number(peak ?? 0) >> 10);
    } catch {
      // It has ended.
    }
  }, 10);
  const late = setTimeout(() => child.kill('SIGKILL'), 20_000);
  const [code] = await once(child, 'close');
  clearInterval(watch);
  clearTimeout(late);
  assert.is(code, status, talk.slice(0, 500));
  assert.ok(talk.length < 20_000, `${talk.length} characters`);
  return { said: /^Error: (.*)$/m.exec(talk)?.[1] ?? talk, most };
}

test('a Dockerfile that is no file, or leads out of the context, is not read', async () => {
  const missing = (context: string) => `cannot build ${context}: there is no Dockerfile and no Containerfile`;
  for (const make of [
    (path: string) => execFileSync('mkfifo', [path]),
    (path: string) => mkdirSync(path),
    (path: string) => symlinkSync('/dev/zero', path),
    (path: string) => symlinkSync('/etc/passwd', path),
    (path: string) => symlinkSync('Dockerfile', path),
  ]) {
    const context = folder('f: x');
    make(join(context, 'Dockerfile'));
    assert.is((await refused([context])).said, missing(context));
  }
  const context = folder('Dockerfile: FROM scratch\nCOPY . /\n');
  execFileSync('mkfifo', [join(context, 'pipe')]);
  for (const file of ['/dev/zero', '/dev', join(context, 'pipe')])
    assert.is((await refused(['-f', file, context])).said, `cannot build ${context}: there is no ${file}`);
  for (const make of [
    (path: string) => execFileSync('mkfifo', [path]),
    (path: string) => symlinkSync('/dev/zero', path),
  ]) {
    const ignore = join(context, '.dockerignore');
    make(ignore);
    await refused([context], 0); // as if there were none
    rmSync(ignore);
  }
});

test('COPY gets nothing of the host, whatever leads out of the context', async () => {
  const context = folder('f: x', 'd/f: x');
  symlinkSync('/etc/passwd', join(context, 'absolute'));
  symlinkSync('../../../../../../etc/passwd', join(context, 'relative'));
  symlinkSync('/etc', join(context, 'etc'));
  symlinkSync('loop', join(context, 'loop'));
  for (const source of ['absolute', 'relative', 'etc/passwd', '/etc/passwd', '../../etc/passwd', 'loop']) {
    writeFileSync(join(context, 'Dockerfile'), `FROM scratch\nCOPY ${source} /got\n`);
    assert.match((await refused([context])).said, /^cannot copy .*: the build context has no /, source);
    writeFileSync(join(context, 'Dockerfile'), `FROM scratch\nADD ${source} /got\n`);
    assert.match(
      (await refused([context])).said,
      /^cannot (?:add|copy) .*: the build context has no /,
      source,
    );
  }
  writeFileSync(join(context, 'Dockerfile'), 'FROM scratch\nCOPY d/../../../f /climbed\n');
  assert.equal(await files([context]), ['-rw-r--r-- 0/0 climbed']);
});

test('patterns that would take for ever elsewhere, over a deep tree', async () => {
  const evil = [
    `${'*a'.repeat(500)}b`,
    `${'**/'.repeat(300)}x`,
    `${'[a-z]*'.repeat(300)}!`,
    '?'.repeat(2000),
  ];
  const context = folder(
    'Dockerfile: FROM scratch\nCOPY . /\n',
    `.dockerignore: ${`${evil.join('\n')}\n`.repeat(20)}Dockerfile\n.dockerignore\n`,
    ...Array.from({ length: 40 }, (_, n) => `${'aaaaaaaaaa/'.repeat(n % 10)}${'a'.repeat(200)}${n}: x`),
  );
  const began = performance.now();
  assert.is((await files([context])).filter((line) => line.startsWith('-')).length, 40);
  assert.ok(performance.now() - began < 20_000);
  const lines = folder('Dockerfile: FROM scratch\nCOPY . /\n', `.dockerignore: ${'a\n'.repeat(20_000)}`);
  assert.match((await refused([lines])).said, /it has more than 10000 patterns/);
});

test('large inputs are refused before they are in memory', async () => {
  const context = folder('f: x');
  truncateSync(join(context, 'f'), 5e9);
  const { said, most } = await refused(['-f', join(context, 'f'), context]);
  assert.match(said, /cannot read .*: it has 5000000000 bytes, more than 67108864/);
  assert.ok(most < 200, `${most} MiB`);
});

test('a million lines that are one instruction, and stages that go round, take little', async () => {
  const lines = folder(`Dockerfile: FROM builtin:busybox\nRUN true \\\n${'x \\\n'.repeat(1_000_000)}y\n`);
  const { most } = await refused([lines], 1);
  assert.ok(most < 400, `${most} MiB`);
  const stages = Array.from({ length: 2000 }, (_, n) => `FROM s${(n + 1) % 2000} AS s${n}\n`).join('');
  const round = await pod(['build', '-q', folder(`Dockerfile: ${stages}`)]);
  assert.is(round.code, 125);
  assert.ok(round.stderr.length < 2000, round.stderr.slice(0, 500));
});

test.run();
