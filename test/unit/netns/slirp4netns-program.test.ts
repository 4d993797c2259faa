import { chmodSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  findSlirp4netns,
  parseSlirp4netnsVersion,
  versionAtLeast,
} from '../../../netns/slirp4netns-program.ts';

const REAL = `slirp4netns version 1.2.0
commit: 656041d45cfca7a4176f6b7eed9e4fe6c11e8383
libslirp: 4.7.0
SLIRP_CONFIG_VERSION_MAX: 4
libseccomp: 2.5.4
`;

function program(text: string): { directory: string; path: string; calls: () => number } {
  const directory = mkdtempSync(join(tmpdir(), 'slirp-'));
  const path = join(directory, 'slirp4netns');
  const count = join(directory, 'calls');
  writeFileSync(count, '');
  writeFileSync(path, `#!/bin/sh\nprintf x >> ${count}\ncat <<'END'\n${text}END\n`);
  chmodSync(path, 0o755);
  return { directory, path, calls: () => readFileSync(count, 'utf8').length };
}

test('the version and what it was built with are read', () => {
  assert.equal(parseSlirp4netnsVersion(REAL), { version: '1.2.0', seccomp: true });
  assert.equal(parseSlirp4netnsVersion('slirp4netns version 0.4.3+dev\n'), {
    version: '0.4.3',
    seccomp: false,
  });
  assert.is(parseSlirp4netnsVersion('bash: no such thing'), undefined);
});

test('versions compare by number', () => {
  assert.ok(versionAtLeast('1.10.0', [1, 9, 9]));
  assert.ok(versionAtLeast('0.4.0', [0, 4, 0]));
  assert.not(versionAtLeast('0.3.9', [0, 4, 0]));
});

test('the program is asked once, and again when it changed', async () => {
  const { directory, path, calls } = program(REAL);
  const options = { searchPath: directory, cacheFile: join(directory, 'cache/facts.json') };
  const found = await findSlirp4netns(options);
  assert.equal({ ...found, sandbox: true }, { path, version: '1.2.0', seccomp: true, sandbox: true });
  await findSlirp4netns(options);
  assert.is(calls(), 1);
  utimesSync(path, 1, 1);
  await findSlirp4netns(options);
  assert.is(calls(), 2);
  writeFileSync(options.cacheFile, '{"path":');
  await findSlirp4netns(options);
  assert.is(calls(), 3);
  rmSync(directory, { recursive: true });
});

test('a cache that cannot be kept is no error', async () => {
  const { directory } = program(REAL);
  assert.is(
    (await findSlirp4netns({ searchPath: directory, cacheFile: '/dev/null/facts' })).version,
    '1.2.0',
  );
  rmSync(directory, { recursive: true });
});

test('one that is too old, or is something else, is named with the package to install', async () => {
  for (const text of ['slirp4netns version 0.3.0\n', 'hello\n']) {
    const { directory } = program(text);
    try {
      await findSlirp4netns({ searchPath: directory, cacheFile: join(directory, 'facts') });
      assert.unreachable();
    } catch (error) {
      assert.is((error as { code: string }).code, 'missing');
      assert.match((error as { hint: string }).hint, /apt-get install slirp4netns/);
    }
    rmSync(directory, { recursive: true });
  }
});

test.run();
