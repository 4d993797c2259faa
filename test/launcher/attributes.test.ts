import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { encodePlan } from '../../rootless/plan.ts';
import { buildLauncher, sanitizers, scratch } from './build.ts';

const launcher = buildLauncher();
Object.assign(process.env, sanitizers, { PATH: '/usr/bin:/bin' });
const directory = mkdtempSync(join(scratch(), 'attributes-'));

/** A file with attributes, `NAME=VALUE` in hexadecimal digits. */
function file(name: string, ...attributes: string[]): string {
  const path = join(directory, name);
  writeFileSync(path, name);
  const code =
    'import os, sys\nfor a in sys.argv[2:]: n, v = a.split("="); os.setxattr(sys.argv[1], n, bytes.fromhex(v))';
  execFileSync('python3', ['-c', code, path, ...attributes]);
  return path;
}

const hex = (text: string): string => Buffer.from(text).toString('hex');

test('the attributes of each path are a line; links are not followed, and what is the overlay’s own is not told', () => {
  const own = file('a\n', 'user.one=00ff3d20', 'user.two=', 'user.overlay.opaque=79');
  symlinkSync(own, join(directory, 'link'));
  const paths = [own, join(directory, 'link'), join(directory, 'none'), '', '/dev/null', file('b'), own];
  const { status, stdout, stderr } = spawnSync(launcher, ['-c', encodePlan('enter', [['attributes']])], {
    input: paths.map((path) => `${path}\0`).join(''),
  });
  assert.equal([status, stderr.toString()], [0, '']);
  const lines = stdout.toString().split('\n');
  const told = [`${hex('user.one')}=00ff3d20`, `${hex('user.two')}=`];
  assert.equal(
    lines.map((line) => line.split(' ').slice(1).sort()),
    [told, [], [], [], [], [], told, []],
  );
});

test('no path is no line', () => {
  const { status, stdout } = spawnSync(launcher, ['-c', encodePlan('enter', [['attributes']])], {
    input: '',
  });
  assert.equal([status, stdout.toString()], [0, '']);
});

test.run();
