import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  findVolume,
  listVolumes,
  makeVolume,
  readVolume,
  volumeData,
} from '../../../../core/volume/store.ts';
import { discardVolume, releaseVolume, useVolume, volumeUsers } from '../../../../core/volume/users.ts';
import { emptyPaths, refusal } from '../container/fixtures.ts';

const paths = emptyPaths();
const [one, two] = ['1'.repeat(64), '2'.repeat(64)];
for (const id of [one, two]) mkdirSync(join(paths.containers, id), { recursive: true });
const directory = (name: string) => join(paths.volumes, name);

test('a volume is made whole, once, and says what it is', () => {
  assert.ok(makeVolume(paths, { name: 'a', labels: { k: 'v' } }));
  writeFileSync(join(volumeData(paths, 'a'), 'file'), 'x');
  assert.not.ok(makeVolume(paths, { name: 'a' }));
  assert.is(readFileSync(join(volumeData(paths, 'a'), 'file'), 'utf8'), 'x');
  const { created, ...rest } = readVolume(paths, 'a')!;
  assert.ok(Math.abs(Date.now() - Date.parse(created)) < 60_000);
  assert.equal(rest, { name: 'a', driver: 'local', labels: { k: 'v' }, options: {}, anonymous: false });
  assert.equal(readdirSync(paths.volumes), ['a']);
  assert.is(readVolume(paths, 'b'), undefined);
  assert.is(readVolume(paths, '../containers'), undefined);
});

test('a volume that has lost its record has its data still', () => {
  mkdirSync(join(directory('bare'), '_data'), { recursive: true });
  writeFileSync(join(directory('bare'), '_data/file'), 'x');
  assert.is(readVolume(paths, 'bare')!.name, 'bare');
  assert.not.ok(useVolume(paths, { name: 'bare' }, one));
  assert.ok(existsSync(join(directory('bare'), '_data/file')));
  assert.equal(
    listVolumes(paths).map(({ name }) => name),
    ['a', 'bare'],
  );
});

test('a volume in use is not removed; what a container has left that is gone does not count', () => {
  assert.ok(useVolume(paths, { name: 'used' }, one));
  assert.not.ok(useVolume(paths, { name: 'used' }, two));
  useVolume(paths, { name: 'used' }, '3'.repeat(64));
  assert.equal(volumeUsers(paths, 'used').sort(), [one, two]);
  assert.equal((discardVolume(paths, 'used') as string[]).sort(), [one, two]);
  releaseVolume(paths, 'used', one);
  releaseVolume(paths, 'used', one);
  assert.equal(discardVolume(paths, 'used'), [two]);
  releaseVolume(paths, 'used', two);
  const trash = discardVolume(paths, 'used') as string;
  assert.ok(trash.startsWith(paths.trash) && existsSync(join(trash, '_data')));
  assert.not.ok(existsSync(directory('used')));
  assert.is(discardVolume(paths, 'used'), undefined);
});

test('who wants to use a volume while it is being removed gets a new one', () => {
  makeVolume(paths, { name: 'going' });
  writeFileSync(join(volumeData(paths, 'going'), 'old'), '');
  rmdirSync(join(directory('going'), 'users')); // a removal that was killed after its first step
  assert.ok(useVolume(paths, { name: 'going' }, one));
  assert.equal(readdirSync(volumeData(paths, 'going')), []);
  assert.equal(volumeUsers(paths, 'going'), [one]);
});

test('an anonymous volume is found by the beginning of its name', () => {
  makeVolume(paths, { name: 'ab'.repeat(32), anonymous: true });
  makeVolume(paths, { name: 'ac'.repeat(32), anonymous: true });
  assert.is(findVolume(paths, 'ab').name, 'ab'.repeat(32));
  assert.is(findVolume(paths, 'a').name, 'a');
  assert.match(
    refusal(() => findVolume(paths, 'x')),
    /^not-found: no such volume: x/,
  );
  assert.match(
    refusal(() => findVolume(paths, '')),
    /^not-found: /,
  );
});

test.run();
