import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { asidePath, collectAside, replaceFile } from '../../../core/aside.ts';

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

test('a file is replaced whole, and what killed processes have left beside it goes', () => {
  const file = join(directory, 'b.json');
  replaceFile(file, 'one');
  touch(asidePath(file).replace(`-${process.pid}-`, '-999999999-'));
  replaceFile(file, 'two', 0o644);
  assert.is(readFileSync(file, 'utf8'), 'two');
  assert.equal(statSync(file).mode & 0o777, 0o644);
  const beside = () => readdirSync(directory).filter((name) => name.startsWith('b.json'));
  assert.equal(beside(), ['b.json']);
  assert.throws(() => replaceFile(file, undefined as never), /ERR_INVALID_ARG_TYPE|must be/);
  assert.is(readFileSync(file, 'utf8'), 'two');
  assert.equal(beside(), ['b.json']);
});

test.run();
