import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PodError } from '../../../../../core/error.ts';
import { fileOutput } from '../../../../../core/images/archive/tar-output.ts';

const directory = mkdtempSync(join(tmpdir(), 'tar-output-'));
const target = join(directory, 'a.tar');
const blob = join(directory, 'blob');
writeFileSync(blob, Buffer.alloc(3 << 20, 'b'));
test.after(() => rmSync(directory, { recursive: true }));

test('an archive that is interrupted leaves what was there, and nothing else', async () => {
  writeFileSync(target, 'before');
  const stop = new AbortController();
  const output = await fileOutput(target);
  stop.abort(new PodError({ code: 'interrupted', message: 'stopped' }));
  try {
    await output.copy('blob', blob, 3 << 20, stop.signal);
    assert.unreachable();
  } catch (error) {
    assert.is((error as PodError).code, 'interrupted');
  }
  await output.close();
  assert.equal(readdirSync(directory).sort(), ['a.tar', 'blob']);
  assert.is(readFileSync(target, 'utf8'), 'before');
});

test('a blob of another size than was said is refused', async () => {
  for (const size of [(3 << 20) - 1, (3 << 20) + 1]) {
    const output = await fileOutput(target);
    try {
      await output.copy('blob', blob, size);
      assert.unreachable();
    } catch (error) {
      assert.is((error as PodError).code, 'invalid');
    }
    await output.close();
  }
});

test('an archive has its name when it is whole', async () => {
  const output = await fileOutput(target);
  await output.copy('blob', blob, 3 << 20);
  assert.is(readFileSync(target, 'utf8'), 'before');
  await output.finish();
  await output.close();
  assert.is(readFileSync(target).length, 512 + (3 << 20) + 1024);
});

test.run();
