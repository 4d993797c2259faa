import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readLayeredFile } from '../../../../core/container/layered-file.ts';
import { temporary } from './fixtures.ts';

type Files = Record<string, string | [target: string] | null>;

/** A layer: a text is a file, an array a link to its element, null a directory. */
function layer(files: Files): string {
  const root = temporary();
  for (const [path, content] of Object.entries(files)) {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    if (content === null) mkdirSync(file);
    else if (typeof content === 'string') writeFileSync(file, content);
    else symlinkSync(content[0], file);
  }
  return root;
}

/** Reads from a stack, the topmost layer first. */
const read = (path: string, ...layers: Files[]) => readLayeredFile(layers.map(layer), path);

test('the topmost layer that has a file wins', () => {
  assert.is(
    read('/etc/passwd', { 'etc/x': '' }, { 'etc/passwd': 'middle' }, { 'etc/passwd': 'low' }),
    'middle',
  );
});

test('what no layer has is not there, and neither is a directory', () => {
  assert.is(read('/etc/passwd', {}, { 'etc/x': '' }), undefined);
  assert.is(read('/etc', { 'etc/x': '' }), undefined);
  assert.is(read('/', { x: '' }), undefined);
  assert.is(readLayeredFile([], '/x'), undefined);
});

test('a file in the place of a directory hides what is below it', () => {
  assert.is(read('/etc/passwd', { etc: 'a file' }, { 'etc/passwd': 'low' }), undefined);
  assert.is(read('/a/b/c', { 'a/x': '' }, { 'a/b': 'a file' }, { 'a/b/c': 'low' }), undefined);
});

/** An overlay's mark for what was deleted. Linux lets everybody make it: mknod(2), a character device 0:0. */
function whiteout(root: string, path: string): string {
  execFileSync('mknod', [join(root, path), 'c', '0', '0']);
  return root;
}

test('a whiteout hides a file, and a directory with all that is in it, from the layers below', () => {
  const low = layer({ 'etc/passwd': 'low', 'etc/group': 'low' });
  const top = layer({ x: '' });
  assert.is(readLayeredFile([whiteout(layer({ 'etc/x': '' }), 'etc/passwd'), low], '/etc/passwd'), undefined);
  assert.is(readLayeredFile([whiteout(layer({ 'etc/x': '' }), 'etc/passwd'), low], '/etc/group'), 'low');
  assert.is(readLayeredFile([whiteout(top, 'etc'), low], '/etc/passwd'), undefined);
  assert.is(readLayeredFile([layer({ 'etc/passwd': 'new' }), top, low], '/etc/passwd'), 'new');
  assert.is(readLayeredFile([layer({ 'etc/passwd': 'new' }), top, low], '/etc/group'), undefined);
  assert.is(readLayeredFile([low, top], '/etc/passwd'), 'low');
});

test('a whiteout of where a link leads is the end of it', () => {
  const top = layer({ link: ['/real'] });
  assert.is(readLayeredFile([whiteout(layer({}), 'real'), top, layer({ real: 'low' })], '/link'), undefined);
});

test('links are followed in the whole stack, not only in their layer', () => {
  assert.is(
    read('/etc/passwd', { 'etc/passwd': ['../usr/share/passwd'] }, { 'usr/share/passwd': 'low' }),
    'low',
  );
  assert.is(
    read('/etc/passwd', { 'usr/etc/passwd': 'top' }, { etc: ['/usr/etc'], 'usr/etc/passwd': 'low' }),
    'top',
  );
  assert.is(
    read(
      '/etc/passwd',
      { etc: ['/usr/etc'], 'usr/etc/x': '' },
      { 'etc/passwd': 'hidden', 'usr/etc/passwd': 'low' },
    ),
    'low',
  );
});

test('an absolute link begins at the top, another one where it lies', () => {
  assert.is(read('/a/x', { 'a/x': ['/y'], y: 'top', 'a/y': 'beside' }), 'top');
  assert.is(read('/a/x', { 'a/x': ['y'], y: 'top', 'a/y': 'beside' }), 'beside');
});

test('no link leads out of the stack', () => {
  for (const target of [
    '/etc/hostname',
    '../../../../../../../../etc/hostname',
    '/proc/self/root/etc/hostname',
    '/../etc/hostname',
  ])
    assert.is(read('/x', { x: [target] }), undefined, target);
  assert.is(read('/x', { x: ['../../../../../etc/hostname'], 'etc/hostname': 'own' }), 'own');
  assert.is(read('/a/b/x', { 'a/b': ['../../../..'], x: 'own' }), 'own');
});

test('links in a circle and endless ones are no file', () => {
  assert.is(read('/a', { a: ['b'], b: ['a'] }), undefined);
  assert.is(read('/a', { a: ['a/a'] }), undefined);
  assert.is(read('/self/x', { self: ['self'] }), undefined);
  const chain = (length: number): Files =>
    Object.fromEntries([
      ...Array.from({ length }, (_, i) => [`l${i}`, [`l${i + 1}`]]),
      [`l${length}`, 'end'],
    ]) as Files;
  assert.is(read('/l0', chain(40)), 'end');
  assert.is(read('/l0', chain(41)), undefined);
});

test('names that the kernel refuses are as if they were not there', () => {
  assert.is(read(`/${'n'.repeat(300)}`, {}), undefined);
  assert.is(read('/x', { x: [`/${'n'.repeat(300)}`] }), undefined);
  assert.is(read(`/${'n/'.repeat(3000)}x`, {}), undefined);
});

test('a directory or file that is closed to us is as if it were not there', () => {
  if (process.getuid!() === 0) return; // nothing is closed to root
  const root = layer({ 'etc/passwd': 'x', shadow: 'y' });
  chmodSync(join(root, 'shadow'), 0);
  chmodSync(join(root, 'etc'), 0);
  assert.is(readLayeredFile([root], '/shadow'), undefined);
  assert.is(readLayeredFile([root], '/etc/passwd'), undefined);
  chmodSync(join(root, 'etc'), 0o700);
});

test('a file of more than 4 MiB is not read', () => {
  assert.is(read('/x', { x: 'y'.repeat(4 << 20) })?.length, 4 << 20);
  assert.is(read('/x', { x: 'y'.repeat((4 << 20) + 1) }), undefined);
});

test('dots and doubled slashes of a path are as the kernel has them', () => {
  assert.is(read('//etc/./x//../passwd', { 'etc/passwd': 'a', 'etc/x/y': '' }), 'a');
});

test.run();
