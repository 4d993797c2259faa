import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { asidePath, collectAside } from '../../../core/aside.ts';

const directory = mkdtempSync(join(tmpdir(), 'aside-'));
const target = join(directory, 'a.tar');
test.after(() => rmSync(directory, { recursive: true }));

function touch(path: string): string {
  writeFileSync(path, '');
  return path;
}

test('what a process that is there makes stays, what another has left goes', () => {
  const own = touch(asidePath(target));
  assert.is.not(asidePath(target), own);
  const gone = touch(own.replace(`-${process.pid}-`, '-999999999-'));
  const reused = touch(own.replace(/-\d+-(\d+)\.partial$/, '-1-$1.partial'));
  collectAside(target);
  assert.equal([own, gone, reused].map(existsSync), [true, false, false]);
  rmSync(own);
});

test('what another machine makes goes when it is old', () => {
  const other = touch(`${target}.00000000-1-1-0.partial`);
  collectAside(target);
  assert.ok(existsSync(other));
  utimesSync(other, new Date(0), new Date(0));
  collectAside(target);
  assert.equal(readdirSync(directory), []);
});

test('all other names stay', () => {
  const names = ['a.tar', 'a.tar.partial', 'a.tar.0000-1-1-0.partial', 'ba.tar.00000000-1-1-0.partial'];
  for (const name of names) utimesSync(touch(join(directory, name)), new Date(0), new Date(0));
  collectAside(target);
  assert.equal(readdirSync(directory).sort(), [...names].sort());
  collectAside('/no/such/place/a.tar');
});

test.run();
