import { lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { setTrust } from '../../../../core/config/trust.ts';

const home = mkdtempSync(join(tmpdir(), 'trust-'));
const env = { HOME: home };
test.after(() => rmSync(home, { recursive: true }));

test('a policy that is kept elsewhere is changed there', () => {
  const real = join(home, 'kept.json');
  const path = join(home, '.config/containers/policy.json');
  writeFileSync(real, '{"default":[{"type":"insecureAcceptAnything"}]}');
  mkdirSync(join(path, '..'), { recursive: true });
  symlinkSync(real, path);
  assert.is(setTrust('default', 'reject', [], env), path);
  assert.ok(lstatSync(path).isSymbolicLink());
  assert.equal(JSON.parse(readFileSync(real, 'utf8')), { default: [{ type: 'reject' }] });
});

test.run();
