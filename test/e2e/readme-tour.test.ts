/** The first tour of README.md, as it is typed there. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import {
  busyboxImage,
  eventually,
  mirrorDockerHub,
  pod,
  podOk,
  podTerminal,
  type Registry,
  sandbox,
  startRegistry,
  test,
} from './harness/index.ts';

let registry: Registry;
test.before(async () => {
  registry = await startRegistry({ tls: true, auth: 'token' });
  mirrorDockerHub(registry);
  await registry.push('library/alpine:latest', busyboxImage());
});

const said = (stdout: string) => ({ code: 0, signal: null, stdout, stderr: '' });

test('the image inside the binary runs without a network or a registry', async () => {
  assert.equal(await pod(['run', '--rm', 'builtin:busybox', 'echo', 'hello']), said('hello\n'));
});

test('a shell runs in a terminal', async () => {
  const shell = podTerminal(['run', '--rm', '-it', 'builtin:busybox'], { rows: 30, cols: 100 });
  await shell.until(/[#$] /);
  shell.send('stty size; tty\r');
  await shell.until('30 100');
  await shell.until('/dev/');
  shell.send('exit 3\r');
  assert.equal(await shell.end(), { code: 3, signal: null });
});

test('alpine is pulled from a mirror of docker.io and works in a pipe', async () => {
  const ran = await pod(['run', '--rm', '-i', 'alpine', 'cat'], { input: 'hi\n' });
  assert.equal({ code: ran.code, stdout: ran.stdout }, { code: 0, stdout: 'hi\n' });
  assert.equal(await pod(['run', '--rm', '-i', 'alpine', 'cat'], { input: 'hi\n' }), said('hi\n'));
});

test('a container in the background is reached by its port, filled, looked at, committed and removed', async () => {
  const port = 20_000 + (process.pid % 10_000);
  const flags = ['-d', '--name', 'web', '-p', `${port}:80`, '-v', 'pages:/srv', '--restart', 'always'];
  const server = ['httpd', '-f', '-p', '80', '-h', '/srv'];
  const id = await podOk(['run', ...flags, 'builtin:busybox', ...server]);
  assert.match(id, /^[0-9a-f]{64}$/);
  const page = join(sandbox.work, 'README.md');
  writeFileSync(page, 'served\n');
  await podOk(['cp', page, 'web:/srv/index.html']);
  const served = await eventually(() => fetch(`http://127.0.0.1:${port}/`));
  assert.is(await served.text(), 'served\n');

  assert.match(await podOk(['ps']), /\bweb\b/);
  const shell = podTerminal(['exec', '-it', 'web', 'sh']);
  await shell.until(/[#$] /);
  shell.send('exit\r');
  assert.equal(await shell.end(), { code: 0, signal: null });
  assert.equal(await pod(['logs', 'web']), said(''));
  assert.match(await podOk(['stats', '--no-stream', 'web']), /\bweb\b/);
  await podOk(['commit', 'web', 'my-web']);
  assert.match(await podOk(['images']), /\bmy-web\b/);
  await podOk(['stop', '-t', '1', 'web']);
  assert.not.match(await podOk(['ps']), /\bweb\b/);
  await podOk(['rm', 'web']);
  assert.is(await podOk(['ps', '-aq']), '');
  assert.is(await podOk(['volume', 'ls', '-q']), 'pages');
});

test('a dry run shows a plan and makes no container', async () => {
  assert.match(await podOk(['run', '--rm', '--dry-run', 'alpine']), /^plan 1 run$/m);
  assert.is(await podOk(['ps', '-aq']), '');
});

test.run();
