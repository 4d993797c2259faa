import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseSecretFlag, secretsOf } from '../../../../../core/container/flags/secret-flag.ts';
import { makeSecret } from '../../../../../core/secret/store.ts';
import { failure, temporary } from '../fixtures.ts';

const data = temporary();
const paths = { data, secrets: join(data, 'secrets') };
const make = (name: string, text: string) =>
  makeSecret(paths, { name, data: Buffer.from(text), labels: {}, replace: false });
const why = (flag: string) => failure(() => parseSecretFlag(flag)).why;
const FILE = { type: 'mount', uid: 0, gid: 0, mode: 0o444 };

test('a name alone is a file below /run/secrets that everybody may read', () => {
  assert.equal(parseSecretFlag('db'), { ...FILE, name: 'db', target: 'db' });
});

test('a file has a target, an owner and a mode', () => {
  assert.equal(parseSecretFlag('db,target=sub/x,uid=7,gid=8,mode=0400'), {
    ...{ name: 'db', type: 'mount', target: 'sub/x', uid: 7, gid: 8, mode: 0o400 },
  });
  assert.is(parseSecretFlag('db,target=/etc//key').target, '/etc/key');
  assert.is(parseSecretFlag('db,target=/run/secrets/key').target, 'key');
  assert.is(parseSecretFlag('source=db,dst=x').name, 'db');
});

test('a variable has a target', () => {
  assert.equal(parseSecretFlag('db,type=env,target=PASSWORD'), {
    ...{ name: 'db', type: 'env', target: 'PASSWORD', uid: 0, gid: 0, mode: 0 },
  });
});

test('errors name the option', () => {
  assert.is(why(''), 'no secret is named');
  assert.is(why('db,type=disk'), 'type=disk: there is mount and env');
  assert.is(why('db,type=env,uid=7'), 'uid: a variable has none');
  assert.is(why('db,mode=888'), 'mode=888: it is no octal mode');
  assert.is(why('db,uid=x'), 'uid=x: it is no number');
  assert.is(why('db,color=red'), 'unknown option "color"');
  assert.is(why('db,target='), 'target needs a value');
  for (const target of ['../x', 'a/../../x', '/', '/run/secrets', 'x/', '.'])
    assert.is(why(`db,target=${target}`), `target=${target}: it is no path of a file`, target);
  assert.is(why('db,type=env,target=A=B'), 'target=A=B: it is no name of a variable');
});

test('a secret is found by its name or the beginning of its id', () => {
  const { id } = make('one', 'x');
  assert.equal(secretsOf(['one'], paths), [{ ...FILE, name: 'one', target: 'one', id }]);
  assert.equal(secretsOf([id.slice(0, 12)], paths), secretsOf(['one'], paths));
  assert.is(failure(() => secretsOf(['none'], paths)).message, 'no such secret: none');
});

test('two secrets with one target, and what no variable can hold, are refused', () => {
  make('nul', 'a\0b');
  make('long', 'x'.repeat(128 << 10));
  assert.is(
    failure(() => secretsOf(['nul,target=x', 'long,target=x'], paths)).why,
    'another secret has the target x',
  );
  assert.is(
    failure(() => secretsOf(['nul,type=env'], paths)).why,
    'it has a NUL byte, which no variable can hold',
  );
  assert.is(failure(() => secretsOf(['long,type=env'], paths)).why, 'a variable has at most 131072 bytes');
});

test.run();
