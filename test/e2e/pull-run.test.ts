/** The whole way in the binary: `run` pulls what is missing through a mirror of docker.io with TLS and tokens. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { pod, test } from './harness/index.ts';
import { configure, trust } from './harness/registries-conf.ts';
import { sandbox } from './harness/sandbox.ts';
import { seedAlpine } from './registry/make-image.ts';
import { startRegistry, type TestRegistry } from './registry/start-registry.ts';

let registry: TestRegistry;

test.before(async () => {
  const dir = join(sandbox.work, 'registry');
  mkdirSync(dir);
  registry = await startRegistry({ dir, tls: true, auth: 'token' });
  await seedAlpine(registry, sandbox.work);
  trust(registry);
  configure(`[[registry]]\nprefix = "docker.io"\n[[registry.mirror]]\nlocation = "${registry.host}"\n`);
});

test.after(() => registry?.stop());

test('run pulls alpine and pipes through it', async () => {
  const ran = await pod(['run', '-i', '--rm', 'alpine', 'cat'], { input: 'hi\n' });
  assert.is(ran.code, 0, ran.stderr);
  assert.is(ran.stdout, 'hi\n');
});

test('what was pulled is not asked for again', async () => {
  await registry.stop();
  const ran = await pod(['run', '--rm', 'alpine', 'sh', '-c', 'exit 7']);
  assert.equal(ran, { code: 7, signal: null, stdout: '', stderr: '' });
});

test('what cannot be pulled is one error of at most three lines, exit status 125', async () => {
  const ran = await pod(['run', '--rm', `${registry.host}/nothing:1`, 'true']);
  assert.is(ran.code, 125);
  assert.is(ran.stdout, '');
  const lines = ran.stderr.trimEnd().split('\n');
  assert.match(lines.at(-1)!, `cannot pull ${registry.host}/nothing:1`);
  assert.match(lines.at(-1)!, 'connection refused');
  assert.ok(lines.length <= 3, ran.stderr);
});

test.run();
