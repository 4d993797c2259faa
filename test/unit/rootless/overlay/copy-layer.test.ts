/** rootless/native/copy.c, with the kernel's overlay as the judge: a copy must look as the mount of the same layers. */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hostIdMap, mapPlan } from '../../../../rootless/id-map.ts';
import { encodePlan, type Operation } from '../../../../rootless/plan.ts';
import { skip } from '../../../runner/skip.ts';

const repository = resolve(import.meta.dirname, '../../../..');
const launcher = join(dirname(process.env.TSC_POD_BIN ?? join(repository, 'dist/tsc-pod')), 'launcher');
const maps = mapPlan(hostIdMap());

let place = '';
test.before.each(() => {
  place = mkdtempSync('/dev/shm/copy-layer-');
});
test.after.each(() => {
  enter([['remove', place]]);
});

function enter(jobs: Operation[]): { status: number | null; stdout: string; stderr: string } {
  const plan = encodePlan('enter', [...maps, ['namespace', 'user'], ['namespace', 'mount'], ...jobs]);
  return spawnSync(launcher, ['-c', plan], { encoding: 'utf8', cwd: place });
}

/** Runs a script as root of the user's namespace, in the test's place; gives its output. */
function inNamespace(script: string): string {
  if (!existsSync(launcher)) skip('dist/launcher is not built');
  const { status, stdout, stderr } = enter([['exec', 'sh', '-euc', script]]);
  assert.is(status, 0, stderr);
  return stdout;
}

function copy(layers: string[], to: string, owners?: [string, string]): void {
  mkdirSync(join(place, to));
  const jobs: Operation[] = owners ? [['copy-owners', ...owners]] : [];
  const paths = [...layers, to].map((name) => join(place, name));
  const { status, stderr } = enter([...jobs, ['copy-tree', ...paths]]);
  assert.is(status, 0, stderr);
}

const LISTING =
  "find . -mindepth 1 -printf '%P|%y|%m|%U:%G|%l|%T@|' \\( -type d -printf '\\n' -o -printf '%s\\n' \\) | sort";
/** Mounts an overlay of $1 (lowers, top first) with the upper directory $2 and runs the rest in it. */
const OVERLAY = `over() { lowers=$1; upper=$2; shift 2; mkdir -p work mnt "$upper"
  mount -t overlay overlay -o "userxattr,lowerdir=$lowers,upperdir=$upper,workdir=work" mnt
  (cd mnt && "$@"); umount mnt; }`;

const BASE = `mkdir base; cd base
  mkdir -p keep/deep gone opaque/sub swap; echo 1 >keep/one; ln keep/one keep/two; ln keep/one three
  echo old >gone/file; echo old >opaque/sub/file; echo old >swap/file; ln -s ../../../etc/passwd link; mkfifo fifo
  echo file >becomes-dir; echo setuid >setuid; chown 5:6 setuid; chmod 4755 setuid; chmod 1777 keep
  truncate -s 10M sparse; printf end >>sparse; chown 33:33 keep/deep; chmod 700 keep/deep
  touch -d 2001-02-03T04:05:06.789 keep/one keep/deep; touch -h -d 1999-01-01 link`;
const CHANGE = `rm -r gone; rm -r opaque; mkdir opaque; echo new >opaque/new; rm becomes-dir; mkdir becomes-dir
  echo in >becomes-dir/in; rm -r swap; echo now >swap; rm keep/two; echo more >>keep/one; chmod 750 keep
  ln -sf elsewhere link; mkdir -p keep/deep/er; touch -d 2010-01-01 keep/deep/er keep keep/deep; ln swap swapped`;

test('a copy of two layers looks as their overlay', () => {
  inNamespace(`${BASE}\ncd ..\n${OVERLAY}\nover base top sh -euc '${CHANGE}'`);
  const expected = inNamespace(
    `${OVERLAY}\nover top:base scratch sh -euc "${LISTING.replaceAll('\\', '\\\\')}"`,
  );
  copy(['base', 'top'], 'out');
  const actual = inNamespace(`cd out; ${LISTING}`);
  assert.match(expected, 'becomes-dir/in|f|644|0:0');
  assert.is(actual, expected);
});

test('hard links, holes and set-user-ID bits are kept', () => {
  inNamespace(BASE);
  copy(['base'], 'out');
  const out = inNamespace(`cd out; stat -c '%h %a %u:%g %s' keep/two three setuid sparse; stat -c %b sparse
    test keep/one -ef keep/two; test keep/one -ef three`);
  const [two, three, setuid, sparse, blocks] = out.split('\n');
  assert.equal(
    [two, three, setuid, sparse],
    ['3 644 0:0 2', '3 644 0:0 2', '1 4755 5:6 7', '1 644 0:0 10485763'],
  );
  assert.ok(Number(blocks) < 100, `${blocks} blocks`);
});

test('whiteouts by name are understood, whatever else their layer brings', () => {
  inNamespace(`mkdir -p base/a base/b top/b; echo 1 >base/x; echo 1 >base/a/y; echo 1 >base/b/z
    : >top/.wh.x; : >top/.wh.a; echo new >top/x; : >top/b/.wh..wh..opq; echo new >top/b/n`);
  copy(['base', 'top'], 'out');
  assert.is(inNamespace('cd out; find . -mindepth 1 | sort; cat x'), './b\n./b/n\n./x\nnew\n');
});

test('owners can be moved to another map', () => {
  inNamespace(
    'mkdir base; cd base; echo >root; echo >five; chown 5:6 five; ln -s x link; chown -h 5:6 link; echo >far; chown 900:900 far',
  );
  copy(['base'], 'out', ['0:1:10', '0:101:10']);
  const owners = inNamespace("cd out; stat -c '%n %u:%g' root five link far");
  assert.is(owners, 'root 1:101\nfive 6:107\nlink 6:107\nfar 65534:65534\n');
});

test('links in the tree that is written over lead nowhere', () => {
  writeFileSync(join(place, 'victim'), 'untouched');
  inNamespace(
    'mkdir -p base top/d; ln -s .. base/d; ln -s ../victim base/f; echo evil >top/d/victim; echo evil >top/f',
  );
  copy(['base', 'top'], 'out');
  assert.is(inNamespace('cat victim; cat out/d/victim; test ! -L out/d; test ! -L out/f'), 'untouchedevil\n');
});

test('a tree of 600 levels is copied', () => {
  inNamespace(
    'mkdir base; cd base; i=0; while [ $i -lt 600 ]; do mkdir d; cd d; i=$((i + 1)); done; echo deep >end',
  );
  copy(['base'], 'out');
  assert.is(inNamespace('find out -name end -exec cat {} +'), 'deep\n');
});

test.run();
