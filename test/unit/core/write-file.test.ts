import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { systemError } from '../../../core/error.ts';
import { writeBytes, writeFile } from '../../../core/write-file.ts';

const FULL = 'cannot write /dev/full: the disk is full';
const said = (work: () => void): string => {
  try {
    work();
    return 'nothing';
  } catch (error) {
    const { message, why } = systemError(error)!;
    return `${message}: ${why}`;
  }
};

test('the error of a full disk names the file', () => {
  assert.is(
    said(() => writeFile('/dev/full', 'x')),
    FULL,
  );
  const fd = openSync('/dev/full', 'w');
  assert.is(
    said(() => writeBytes(fd, '/dev/full', Buffer.from('x'))),
    FULL,
  );
  closeSync(fd);
});

test('bytes are written where the descriptor is, or at a position', () => {
  const directory = mkdtempSync(join(tmpdir(), 'write-file-'));
  const file = join(directory, 'a');
  const fd = openSync(file, 'w');
  for (const [text, at] of [
    ['one', undefined],
    ['two', undefined],
    ['E', 2],
  ] as const)
    writeBytes(fd, file, Buffer.from(text), at);
  closeSync(fd);
  assert.is(readFileSync(file, 'utf8'), 'onEtwo');
  rmSync(directory, { recursive: true });
});

test.run();
