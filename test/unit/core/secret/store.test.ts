import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  findSecret,
  listSecrets,
  makeSecret,
  readSecret,
  readSecretData,
  removeSecret,
  secretFile,
} from '../../../../core/secret/store.ts';
import { failure, temporary } from '../container/fixtures.ts';

const data = temporary();
const paths = { data, secrets: join(data, 'secrets') };
const make = (name: string, text: string, replace = false) =>
  makeSecret(paths, { name, data: Buffer.from(text), labels: { a: 'b' }, replace });

test('a secret is one file that only its owner can read, whatever bytes it has', () => {
  const bytes = '{"id":1}\n\0\n\n{';
  const record = make('odd', bytes);
  assert.is(readSecretData(paths, 'odd')?.toString(), bytes);
  assert.equal(readSecret(paths, 'odd'), record);
  assert.is(statSync(secretFile(paths, 'odd')).mode & 0o777, 0o600);
  assert.is(statSync(paths.secrets).mode & 0o777, 0o700);
  assert.equal(readdirSync(paths.secrets), ['odd']);
});

test('one that is there is replaced only where that is asked for, and has a new id then', () => {
  const { id } = make('twice', 'one');
  assert.is(failure(() => make('twice', 'two')).why, 'there is one of that name');
  assert.is(readSecretData(paths, 'twice')?.toString(), 'one');
  assert.is.not(make('twice', 'two', true).id, id);
  assert.is(readSecretData(paths, 'twice')?.toString(), 'two');
});

test('it is found by the beginning of its id, if no other has that', () => {
  const { id } = findSecret(paths, 'twice');
  assert.is(findSecret(paths, id.slice(0, 20)).name, 'twice');
  assert.is(failure(() => findSecret(paths, '')).message, 'no such secret: ');
  assert.is(failure(() => findSecret(paths, '../secrets/odd')).message, 'no such secret: ../secrets/odd');
});

test('what is being made is in no list', () => {
  writeFileSync(join(paths.secrets, '.cut.1.2'), '{}\nhalf');
  assert.equal(
    listSecrets(paths).map(({ name }) => name),
    ['odd', 'twice'],
  );
});

test('a damaged file is told of without what is in it', () => {
  writeFileSync(secretFile(paths, 'bad'), 'hush-hush');
  const error = failure(() => readSecret(paths, 'bad'));
  assert.is(error.message, 'cannot read the secret bad');
  assert.not.match(JSON.stringify([error, error.stack, error.why, error.cause]), /hush/);
});

test('it can be removed by its id', () => {
  writeFileSync(secretFile(paths, 'bad'), '{"id":"x"}\nx');
  const { id } = findSecret(paths, 'odd');
  assert.is(removeSecret(paths, id).name, 'odd');
  assert.is(readSecret(paths, 'odd'), undefined);
});

test.run();
