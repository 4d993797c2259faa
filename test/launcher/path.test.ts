import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildDriver, scratch } from './build.ts';
import { type Ran, run } from './drivers.ts';

const driver = buildDriver('path', ['path.c', 'die.c']);

/** A root with these files: a text is a file, an array a link to its only element, undefined a directory. */
function rootWith(files: Record<string, string | [string] | undefined> = {}): string {
  const root = join(realpathSync(mkdtempSync(join(scratch(), 'case-'))), 'root');
  mkdirSync(root);
  for (const [path, content] of Object.entries(files)) {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    if (content === undefined) mkdirSync(file);
    else if (Array.isArray(content)) symlinkSync(content[0], file);
    else writeFileSync(file, content);
  }
  return root;
}

const went = (root: string, kind: string, path: string): Ran => run(driver, [root, kind, path]);

/** Where it led, below the root. */
function led(root: string, kind: string, path: string): string {
  const { code, stdout, stderr } = went(root, kind, path);
  assert.equal({ code, stderr }, { code: 0, stderr: '' });
  assert.ok(stdout.startsWith(`${root}/`) || stdout.startsWith(`${root} `), stdout);
  return stdout.slice(root.length).trimEnd();
}

function refused(root: string, kind: string, path: string): string {
  const { code, stdout, stderr } = went(root, kind, path);
  assert.equal({ code, stdout }, { code: 125, stdout: '' });
  return stderr.trimEnd();
}

/** Nothing is beside the root. */
function untouched(root: string): void {
  assert.equal(readdirSync(dirname(root)), ['root']);
}

test('a mount point that is missing is made with its parents, as a directory or as an empty file', () => {
  const root = rootWith();
  assert.is(led(root, 'directory', '/a/b/c'), '/a/b/c');
  assert.is(led(root, 'file', '/d/e'), '/d/e');
  assert.is(statSync(join(root, 'a/b/c')).mode & 0o7777, 0o755);
  assert.ok(statSync(join(root, 'd/e')).isFile());
  assert.is(statSync(join(root, 'd/e')).size, 0);
});

test('a mount point that is there is taken as it is', () => {
  const root = rootWith({ 'etc/hosts': 'own', 'data/x': '1' });
  assert.is(led(root, 'file', '/etc/hosts'), '/etc/hosts');
  assert.is(led(root, 'directory', '/data'), '/data');
  assert.equal(readdirSync(join(root, 'data')), ['x']);
});

test('the root itself is no mount point, whatever links lead there', () => {
  const root = rootWith({ 'etc/top': ['/'], up: ['..'], 'a/new': ['../..'] });
  for (const path of ['/', '/etc/..', '/etc/top', '/up', '/a/new', '/etc/top/etc/..'])
    assert.match(refused(root, 'directory', path), /links of the image lead from there to its root$/, path);
});

test('links lead no further than the root', () => {
  const root = rootWith({
    up: ['../../../../../..'],
    absolute: ['/etc'],
    'etc/x': '1',
    'deep/er/climb': ['../../../../etc'],
  });
  writeFileSync(join(dirname(root), 'beside'), 'host');
  assert.is(led(root, 'open', 'up/etc/x'), '/etc/x');
  assert.is(led(root, 'open', '/absolute/x'), '/etc/x');
  assert.is(led(root, 'open', '/deep/er/climb/x'), '/etc/x');
  assert.is(led(root, 'open', '/../../etc/x'), '/etc/x');
  assert.equal(went(root, 'open', '/../beside'), {
    code: 1,
    stdout: 'No such file or directory\n',
    stderr: '',
  });
  assert.is(led(root, 'directory', '/up/new/dir'), '/new/dir');
  assert.is(led(root, 'file', '/absolute/new'), '/etc/new');
  assert.equal(readdirSync(dirname(root)).sort(), ['beside', 'root']);
});

test('a link to nothing is followed: what it names is made, in the root', () => {
  const root = rootWith({
    'etc/resolv.conf': ['../run/systemd/resolve/stub-resolv.conf'],
    'etc/mtab': ['/proc/mounts'],
    'var/run': ['/run'],
    'a/far': ['../../../../../../outside/x'],
  });
  assert.is(led(root, 'file', '/etc/resolv.conf'), '/run/systemd/resolve/stub-resolv.conf');
  assert.is(led(root, 'file', '/etc/mtab'), '/proc/mounts');
  assert.is(led(root, 'directory', '/var/run/lock'), '/run/lock');
  assert.is(led(root, 'directory', '/a/far/y'), '/outside/x/y');
  assert.ok(lstatSync(join(root, 'etc/resolv.conf')).isSymbolicLink());
  assert.ok(lstatSync(join(root, 'a/far')).isSymbolicLink());
  untouched(root);
  assert.not(existsSync('/outside'));
});

test('a chain of links to nothing is followed to its end', () => {
  const root = rootWith({ one: ['two'], two: ['d/three'], 'd/three': ['/e/four'], x: ['y'], y: ['z/'] });
  assert.is(led(root, 'file', '/one'), '/e/four');
  assert.is(led(root, 'directory', '/x/w'), '/z/w');
});

test('links in a circle are an error, not a hang', () => {
  const root = rootWith({ a: ['b'], b: ['a'], self: ['self/x'] });
  for (const kind of ['file', 'directory'])
    for (const path of ['/a', '/a/x', '/self', '/self/y'])
      assert.match(refused(root, kind, path), /Too many levels of symbolic links$/, path);
});

test('a file in the way of a directory is named', () => {
  const root = rootWith({ 'etc/hosts': 'own' });
  assert.is(
    refused(root, 'directory', '/etc/hosts/x'),
    'Error: cannot open the directory /etc/hosts/x in the container: Not a directory',
  );
  assert.is(
    refused(root, 'directory', '/etc/hosts'),
    'Error: cannot open the directory /etc/hosts in the container: Not a directory',
  );
  assert.is(
    refused(root, 'file', '/etc/hosts/x'),
    'Error: cannot open /etc/hosts/x in the container: Not a directory',
  );
});

test('what has no name of its own is not made', () => {
  const root = rootWith();
  assert.is(refused(root, 'file', '/new/..'), 'Error: cannot make /new/.. in the container');
  assert.is(refused(root, 'directory', '/new/.'), 'Error: cannot make /new/. in the container');
});

test('the links of /proc that lead anywhere are not followed', () => {
  const root = rootWith({ 'x/y': '' });
  const { code, stdout } = run(driver, ['/proc', 'open', '/self/root']);
  assert.equal([code, stdout], [1, 'Too many levels of symbolic links\n']);
  untouched(root);
});

test('a parent is made, and what will be in it is not', () => {
  const root = rootWith();
  assert.is(led(root, 'parent', '/a/b/c'), '/a/b c');
  assert.equal(readdirSync(join(root, 'a/b')), []);
  assert.is(led(root, 'parent', 'top'), ' top');
});

test('names that are too long are refused by name', () => {
  assert.match(refused(rootWith(), 'directory', `/${'n'.repeat(300)}`), /File name too long$/);
  assert.match(refused(rootWith(), 'directory', `/${'n/'.repeat(3000)}`), /File name too long$/);
});

test('a root that changes while it is walked never leads out', () => {
  const root = rootWith({ 'd/etc/x': 'inside', link: ['../..'] });
  writeFileSync(join(dirname(root), 'x'), 'outside');
  // Swaps a directory and a link to above the root as fast as it can; the walker must find the one or the other.
  const swapper = `while :; do mv -T d e 2>/dev/null; ln -s ../.. d 2>/dev/null; rm d; mv -T e d; done`;
  const loop = `(${swapper}) & for i in $(seq 150); do "$0" "$1" open /d/etc/../../x; "$0" "$1" directory /d/../new; done; kill -9 $!; wait`;
  const out = execFileSync('sh', ['-c', loop, driver, root], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, ASAN_OPTIONS: 'detect_leaks=0' },
  });
  assert.ok(new Set(out.toString().split('\n')).size > 2, 'it was changed meanwhile');
  for (const line of new Set(out.toString().trimEnd().split('\n')))
    assert.ok(line.startsWith(root) || /^(No such file|Resource temporarily)/.test(line), line);
  assert.equal(readdirSync(dirname(root)).sort(), ['root', 'x']);
  rmSync(root, { recursive: true });
});

test.run();
