import { createHash } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { NO_XATTRS, type TarEntry } from '../../../../../core/archive/tar-entry.ts';
import { hashingSink } from '../../../../../core/build/context/layers.ts';

const file = (path: string): TarEntry => ({
  ...{ path, type: 'file', linkTarget: '', size: 0, mode: 0o644, uid: 0, gid: 0, major: 0, minor: 0 },
  ...{ mtime: { seconds: 0, nanoseconds: 0 }, xattrs: NO_XATTRS },
});

/** The fingerprint of a file: a number is a hole. */
function fingerprint(...parts: (string | number)[]): string {
  const found = new Map<string, string>();
  const sink = hashingSink(found);
  sink.entry(file('f'));
  for (const part of parts) typeof part === 'number' ? sink.hole(part) : sink.data(Buffer.from(part));
  sink.finish();
  return found.get('f') ?? '';
}

test('a hole is the zeros that it stands for', () => {
  assert.is(fingerprint('a', 3, 'b'), createHash('sha256').update('a\0\0\0b').digest('hex'));
});

test('a hole of petabytes takes no time, and is told apart by its place and length', () => {
  const peta = 2 ** 50;
  const all = [
    [peta],
    [peta + 1],
    ['a', peta, 'b'],
    ['a', peta + 1, 'b'],
    [peta, 'ab'],
    ['ab', peta],
    [peta, 'ab', peta],
  ].map((parts) => fingerprint(...parts));
  assert.is(new Set(all).size, all.length);
  assert.is(fingerprint('a', peta, 'b'), all[2]);
});

test.run();
