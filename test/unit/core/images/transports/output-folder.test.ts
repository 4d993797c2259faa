import {
  createReadStream,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { asidePath } from '../../../../../core/aside.ts';
import { openOutputFolder } from '../../../../../core/images/transports/output-folder.ts';

const top = mkdtempSync(join(tmpdir(), 'output-folder-'));
const mine = join(top, 'mine');
const blob = join(top, 'blob');

test.before(() => {
  writeFileSync(mine, 'mine');
  writeFileSync(blob, 'theirs');
});

test.after(() => rmSync(top, { recursive: true }));

const digest = `sha256:${'0'.repeat(64)}`;
const descriptor = { mediaType: '', digest, size: 6 };
const content = { path: blob, open: () => createReadStream(blob) };

test('whoever owns the directory cannot lead what is written into another file', async () => {
  const directory = join(top, 'out');
  const folder = openOutputFolder(directory, 'oci:out', []);
  const { putBlob } = folder.destination(() => 'blob');
  for (const write of [
    () => folder.write('index.json', Buffer.from('theirs')),
    () => putBlob(descriptor, content, {}),
  ]) {
    const next = asidePath(join(directory, 'aside')).replace(/\d+(?=\.partial$)/, (n) => String(+n + 1));
    symlinkSync(mine, next);
    const error = await write().then(
      () => undefined,
      (thrown: Error) => thrown,
    );
    assert.match(error?.message ?? '', /^cannot write oci:out/);
  }
  assert.is(readFileSync(mine, 'utf8'), 'mine');
  assert.equal(readdirSync(directory), []);
});

test('a blob and a file are there under their names', async () => {
  const directory = join(top, 'good');
  const folder = openOutputFolder(directory, 'oci:good', []);
  await folder.destination(() => 'blobs/a').putBlob(descriptor, content, {});
  await folder.write('index.json', Buffer.from('{}'));
  assert.is(readFileSync(join(directory, 'blobs/a'), 'utf8'), 'theirs');
  assert.is(readFileSync(join(directory, 'index.json'), 'utf8'), '{}');
  assert.equal(readdirSync(directory).sort(), ['blobs', 'index.json']);
});

test.run();
