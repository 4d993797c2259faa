import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { namesIn } from '../../../core/names-in.ts';

const directory = mkdtempSync(join(tmpdir(), 'names-in-'));
test.after(() => rmSync(directory, { recursive: true }));

test('a directory that is not there holds nothing, and one that can not be read is an error', () => {
  writeFileSync(join(directory, '.a'), '');
  assert.equal(namesIn(directory), ['.a']);
  assert.equal(namesIn(join(directory, 'b')), []);
  assert.equal(namesIn(join(directory, '.a', 'b')), []);
  symlinkSync('loop', join(directory, 'loop'));
  assert.throws(() => namesIn(join(directory, 'loop')), /ELOOP/);
});

test.run();
