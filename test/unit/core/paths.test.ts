import { chmodSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { findPaths } from '../../../core/paths.ts';
import { refusal, temporary } from './container/fixtures.ts';

const home = temporary();
const runtime = join(home, 'run');
mkdirSync(runtime);
const of = (environment: Record<string, string | undefined>, root?: string) =>
  findPaths({ XDG_RUNTIME_DIR: runtime, ...environment }, root);

test('--root wins over TSC_POD_ROOT, that over XDG_DATA_HOME, that over HOME', () => {
  const all = { HOME: home, XDG_DATA_HOME: join(home, 'xdg'), TSC_POD_ROOT: join(home, 'variable') };
  assert.is(of(all, join(home, 'flag')).data, join(home, 'flag'));
  assert.is(of(all).data, join(home, 'variable'));
  assert.is(of({ ...all, TSC_POD_ROOT: '' }).data, join(home, 'xdg/tsc-pod'));
  assert.is(of({ HOME: home, XDG_DATA_HOME: '' }).data, join(home, '.local/share/tsc-pod'));
});

test('a relative root is one from here', () => {
  const here = process.cwd();
  process.chdir(home);
  try {
    assert.is(of({}, 'here').data, join(process.cwd(), 'here'));
  } finally {
    process.chdir(here);
  }
});

test('a relative XDG_DATA_HOME is ignored, as its specification says', () => {
  assert.is(of({ HOME: home, XDG_DATA_HOME: 'relative' }).data, join(home, '.local/share/tsc-pod'));
});

test('everything is below the data directory, which is closed to others', () => {
  const paths = of({ HOME: home });
  const { data, runtime: _, ...rest } = paths;
  for (const path of Object.values(rest)) assert.ok(path.startsWith(`${data}/`), path);
  assert.is(statSync(data).mode & 0o777, 0o700);
});

const withUserDatabase = (answer: () => unknown, test: () => void) => {
  const { userInfo } = os;
  Object.assign(os, { userInfo: answer });
  syncBuiltinESMExports();
  try {
    test();
  } finally {
    Object.assign(os, { userInfo });
    syncBuiltinESMExports();
  }
};

test('without a HOME that is absolute the user database knows the home', () => {
  withUserDatabase(
    () => ({ homedir: join(home, 'known') }),
    () => {
      for (const HOME of [undefined, '', 'relative'])
        assert.is(of({ HOME }).data, join(home, 'known/.local/share/tsc-pod'));
      assert.is(of({ HOME: home }).data, join(home, '.local/share/tsc-pod'));
    },
  );
});

test('without any home there is an error with the way out', () => {
  const nobody = () => {
    throw new Error('uv_os_get_passwd returned ENOENT');
  };
  withUserDatabase(nobody, () =>
    assert.is(
      refusal(() => of({})),
      'usage: cannot tell where to keep images and containers: neither HOME nor XDG_DATA_HOME is set, and the user database knows no home of this user',
    ),
  );
});

test('a data directory that can not be made is an error', () => {
  const file = join(home, 'file');
  writeFileSync(file, '');
  assert.match(
    refusal(() => of({}, join(file, 'x'))),
    /^denied: cannot make the directory /,
  );
});

test('a file system that takes no directories, and says that there is none, is an error', () => {
  assert.match(
    refusal(() => findPaths({ HOME: '/proc/self', XDG_RUNTIME_DIR: '/proc/none' })),
    /^denied: cannot make the directory \/proc\/self/,
  );
});

test('a directory that holds other things is no place for a store, one of an older version is', () => {
  const used = join(home, 'used');
  mkdirSync(join(used, 'images'), { recursive: true });
  mkdirSync(join(used, 'Music'));
  assert.is(
    refusal(() => of({}, used)),
    `conflict: cannot keep images and containers in ${used}: it holds other things: "Music"`,
  );
  assert.equal(readdirSync(used).sort(), ['Music', 'images']);
  const older = join(home, 'older');
  for (const name of ['images', 'layers', 'events.jsonl.1', 'lost+found'])
    mkdirSync(join(older, name), { recursive: true });
  assert.is(of({}, older).data, older);
  writeFileSync(join(older, 'notes'), '');
  assert.is(of({}, older).data, older, 'it is marked now');
});

test("the runtime directory is the session's", () => {
  assert.is(of({ HOME: home }).runtime, join(runtime, 'tsc-pod'));
});

test('a runtime directory that is gone and can not be made, or is relative, is as none', () => {
  writeFileSync(join(home, 'file'), '');
  const none = findPaths({ HOME: home }).runtime;
  for (const gone of [join(home, 'file/run'), 'relative'])
    assert.is(findPaths({ HOME: home, XDG_RUNTIME_DIR: gone }).runtime, none);
  assert.is(of({ HOME: home, XDG_RUNTIME_DIR: join(home, 'new') }).runtime, join(home, 'new/tsc-pod'));
});

test('a runtime directory that is open to others is closed', () => {
  const paths = findPaths({ HOME: home });
  if (!paths.runtime.startsWith('/tmp/')) return;
  chmodSync(paths.runtime, 0o755);
  findPaths({ HOME: home });
  assert.is(statSync(paths.runtime).mode & 0o077, 0);
});

test('a data directory may be a link', () => {
  mkdirSync(join(home, 'real'));
  symlinkSync(join(home, 'real'), join(home, 'link'));
  assert.is(of({}, join(home, 'link')).data, join(home, 'link'));
});

test.run();
