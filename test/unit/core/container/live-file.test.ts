import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readFileBelow } from '../../../../core/container/live-file.ts';

const scratch = mkdtempSync(join(tmpdir(), 'live-file-'));
const root = join(scratch, 'root');
mkdirSync(join(root, 'etc/deep'), { recursive: true });
writeFileSync(join(scratch, 'secret'), 'of the host');
writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0');
test.after(() => rmSync(scratch, { recursive: true }));

const link = (target: string, name: string) => symlinkSync(target, join(root, name));

test('a file is read, by links that stay within the root', () => {
  link('/etc', 'absolute');
  link('../../etc/passwd', 'etc/deep/relative');
  for (const path of [
    '/etc/passwd',
    'etc//./passwd',
    '/absolute/passwd',
    '/etc/deep/relative',
    '/etc/deep/../passwd',
  ])
    assert.is(readFileBelow(root, path), 'root:x:0:0', path);
});

test('nothing outside the root is reached', () => {
  link(join(scratch, 'secret'), 'etc/outside');
  link('../../../../secret', 'etc/climbing');
  link('/proc/self/root/etc', 'magic');
  for (const path of ['/etc/outside', '/etc/climbing', '/../secret', '/magic/passwd', '/../../etc/hostname'])
    assert.is(readFileBelow(root, path), undefined, path);
});

test('what is no file, a ring of links, or too large is nothing; a pipe is not waited for', () => {
  link('ring', 'ring');
  execFileSync('mkfifo', [join(root, 'etc/pipe')]);
  writeFileSync(join(root, 'etc/large'), Buffer.alloc((4 << 20) + 1));
  for (const path of ['/etc', '/', '/ring', '/etc/pipe', '/etc/large', '/none', '/etc/passwd/more'])
    assert.is(readFileBelow(root, path), undefined, path);
  assert.is(readFileBelow(join(scratch, 'none'), '/etc/passwd'), undefined);
});

test.run();
