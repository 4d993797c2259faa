import { chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PodError } from '../../../core/error.ts';
import { findPaths } from '../../../core/paths.ts';

const scratch = mkdtempSync(join(tmpdir(), 'paths-'));
const geteuid = process.geteuid!;
const actAs = (uid: number) =>
  Object.defineProperty(process, 'geteuid', { value: () => uid, configurable: true });

test.after.each(() => void actAs(geteuid()));
test.after(() => rmSync(scratch, { recursive: true }));

/** A directory of neither root nor the user that findPaths is asked for. */
function strangers(name: string): string {
  const path = join(scratch, name);
  mkdirSync(path);
  if (geteuid() === 0) chownSync(path, 4321, 4321);
  actAs(1234);
  return path;
}

test('state lies in the directories of the user and the session', () => {
  const paths = findPaths({ HOME: '/nowhere', XDG_DATA_HOME: scratch, XDG_RUNTIME_DIR: scratch });
  assert.is(paths.data, join(scratch, 'tsc-pod'));
  assert.is(paths.runtime, join(scratch, 'tsc-pod'));
});

test("another user's session directory is passed over", () => {
  const session = strangers('session');
  const { runtime } = findPaths({ XDG_DATA_HOME: '/usr', XDG_RUNTIME_DIR: session }, '/usr');
  assert.is(runtime, `/tmp/tsc-pod-run-${process.getuid!()}`);
});

test("another user's data directory is refused, root's is not", () => {
  const data = strangers('data');
  assert.throws(
    () => findPaths({ XDG_RUNTIME_DIR: '/run' }, data),
    (error: unknown) => error instanceof PodError && error.code === 'denied' && error.why!.includes('uid'),
  );
  assert.is(findPaths({}, '/usr').data, '/usr');
});

test.run();
