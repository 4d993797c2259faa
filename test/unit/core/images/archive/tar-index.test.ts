import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tarEnd, tarHeader, tarPadding } from '../../../../../core/archive/tar-writer.ts';
import { PodError } from '../../../../../core/error.ts';
import { findMember, indexTar, type TarIndex } from '../../../../../core/images/archive/tar-index.ts';

const directory = mkdtempSync(join(tmpdir(), 'tar-index-'));
test.after(() => rmSync(directory, { recursive: true }));

function indexOf(bytes: Uint8Array): TarIndex {
  const path = join(directory, 'a.tar');
  writeFileSync(path, bytes);
  const file = openSync(path, 'r');
  try {
    return indexTar(file, bytes.length);
  } finally {
    closeSync(file);
  }
}

function tar(...files: [path: string, content: string, more?: object][]): Buffer {
  const parts = files.flatMap(([path, content, more]) => [
    tarHeader({ path, type: 'file', size: content.length, ...more }),
    Buffer.from(content),
    tarPadding(content.length),
  ]);
  return Buffer.concat([...parts, tarEnd()]);
}

const refusal = (work: () => unknown): string | undefined => {
  try {
    work();
    return undefined;
  } catch (error) {
    assert.instance(error, PodError);
    return (error as PodError).why;
  }
};

test('files are where the index says, large and small', () => {
  const large = 'x'.repeat(200_000);
  const bytes = tar(['./a', 'one'], ['dir/b', large], ['empty', ''], [`long/${'n'.repeat(150)}`, 'two']);
  const members = indexOf(bytes);
  const content = (name: string): string => {
    const { offset, size } = findMember(members, name)!;
    return bytes.toString('latin1', offset, offset + size);
  };
  assert.equal(
    [content('a'), content('dir/b') === large, content('empty'), content(`long/${'n'.repeat(150)}`)],
    ['one', true, '', 'two'],
  );
  assert.is(findMember(members, 'none'), undefined);
});

test('archives of GNU tar are read, in every form', () => {
  writeFileSync(join(directory, 'file'), 'content');
  for (const form of ['gnu', 'pax', 'ustar', 'v7']) {
    execFileSync('tar', [`--format=${form}`, '-cf', 'form.tar', 'file'], { cwd: directory });
    const bytes = readFileSync(join(directory, 'form.tar'));
    const { offset, size } = findMember(indexOf(bytes), 'file')!;
    assert.is(bytes.toString('latin1', offset, offset + size), 'content', form);
  }
});

test('links within the archive lead to their file', () => {
  const members = indexOf(
    tar(
      ['one/layer.tar', 'content'],
      ['two/layer.tar', '', { type: 'symlink', linkTarget: '../one/layer.tar' }],
      ['three', '', { type: 'hardlink', linkTarget: './two/layer.tar' }],
    ),
  );
  assert.equal(findMember(members, 'three'), findMember(members, 'one/layer.tar'));
});

test('links that leave the archive or go in circles are refused', () => {
  const members = indexOf(
    tar(
      ['out', '', { type: 'symlink', linkTarget: '../../etc/passwd' }],
      ['a', '', { type: 'symlink', linkTarget: 'b' }],
      ['b', '', { type: 'symlink', linkTarget: 'a' }],
      ['pipe', '', { type: 'fifo' }],
    ),
  );
  assert.equal(
    ['out', 'a', 'pipe', '../x'].map((name) => refusal(() => findMember(members, name))),
    [
      'its name climbs above the root',
      'too many links',
      'it is no regular file',
      'its name climbs above the root',
    ],
  );
});

test('every cut, and everything that follows the end, is refused', () => {
  const bytes = tar(['a', 'x'.repeat(700)], ['b', 'y']);
  for (let length = 1; length < bytes.length - 1024; length += 7) {
    const atEntry = length === 512 + 1024 || length === bytes.length - 1024;
    if (!atEntry)
      assert.match(refusal(() => indexOf(bytes.subarray(0, length))) ?? 'taken', /cut off/, `${length}`);
  }
  assert.is(
    refusal(() => indexOf(Buffer.concat([bytes, Buffer.alloc(9000)]))),
    undefined,
  );
  assert.match(
    refusal(() => indexOf(Buffer.concat([bytes, Buffer.alloc(900), Buffer.from('x')]))) ?? '',
    /follows its end/,
  );
});

test('a file that is there twice is refused', () => {
  assert.match(refusal(() => indexOf(tar(['a', '1'], ['./a', '2']))) ?? '', /has it twice/);
});

test.run();
