import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fingerprintMemory } from '../../../../../core/build/context/fingerprint-memory.ts';
import { type HostFile, identityOf } from '../../../../../core/build/context/host-file.ts';

const directory = mkdtempSync(join(tmpdir(), 'fingerprints-'));
test.after(() => rmSync(directory, { recursive: true }));

let made = 0;

/** A file whose last change is `age` seconds ago, by its ctime as this says it. */
function file(size: number, age = 60): HostFile {
  const path = join(directory, `file-${++made}`);
  writeFileSync(path, 'x'.repeat(size));
  const about = statSync(path, { bigint: true });
  const ctimeNs = BigInt(Date.now() - age * 1000) * 1_000_000n;
  return {
    path: Buffer.from(path),
    name: path,
    size,
    sparse: false,
    identity: { ...identityOf(about), ctimeNs },
  };
}

test('what was hashed is known in the next build, unless anything about the file is different', () => {
  const memory = join(directory, 'memory');
  const one = file(100_000);
  const first = fingerprintMemory(memory, '/folder');
  assert.is(first.get(one), undefined);
  first.set(one, 'abc');
  first.keep(true);
  const second = fingerprintMemory(memory, '/folder');
  assert.is(second.get(one), 'abc');
  const { identity } = one;
  for (const change of [
    { ino: identity.ino + 1n },
    { dev: identity.dev + 1n },
    { size: identity.size + 1n },
    { mtimeNs: identity.mtimeNs + 1n },
    { ctimeNs: identity.ctimeNs + 1n },
  ])
    assert.is(second.get({ ...one, identity: { ...identity, ...change } }), undefined);
  assert.is(fingerprintMemory(memory, '/other').get(one), undefined);
});

test('a file that was changed a moment ago is not remembered', () => {
  const memory = join(directory, 'short');
  const young = file(100_000, 0);
  const first = fingerprintMemory(memory, '/folder');
  first.set(young, 'b');
  first.keep(true);
  const second = fingerprintMemory(memory, '/folder');
  assert.is(second.get(young), undefined);
});

test('what a whole build did not ask for is forgotten, and after one that was broken off it is kept', () => {
  const memory = join(directory, 'part');
  const [one, two, three] = [file(100_000), file(100_001), file(100_002)];
  const known = () =>
    [one, two, three].map((each) => fingerprintMemory(memory, '/folder').get(each) !== undefined);
  const build = (whole: boolean, ...files: HostFile[]): void => {
    const found = fingerprintMemory(memory, '/folder');
    for (const each of files) if (found.get(each) === undefined) found.set(each, 'abc');
    found.keep(whole);
  };
  build(true, one);
  build(false, two);
  assert.equal(known(), [true, true, false]);
  build(true, two, three);
  assert.equal(known(), [false, true, true]);
});

test('a memory that is damaged, or cannot be written, is none', () => {
  const memory = join(directory, 'damaged');
  const one = file(100_000);
  const first = fingerprintMemory(memory, '/folder');
  first.set(one, 'abc');
  first.keep(true);
  writeFileSync(join(memory, readdirSync(memory)[0]!), Buffer.from([0, 255, 10, 32]));
  assert.is(fingerprintMemory(memory, '/folder').get(one), undefined);
  const nowhere = fingerprintMemory('/dev/null/x', '/folder');
  nowhere.set(one, 'abc');
  nowhere.keep(true);
});

test.run();
