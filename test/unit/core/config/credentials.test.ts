import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { authFiles } from '../../../../core/config/auth-file.ts';
import { findCredentials } from '../../../../core/config/credentials.ts';
import { PodError } from '../../../../core/error.ts';

const home = mkdtempSync(join(tmpdir(), 'credentials-'));
const bin = join(home, 'bin');
const env = { HOME: home, XDG_RUNTIME_DIR: join(home, 'run'), PATH: `${bin}:${process.env.PATH}` };
const files = {
  run: join(home, 'run/containers/auth.json'),
  config: join(home, '.config/containers/auth.json'),
  docker: join(home, '.docker/config.json'),
};

const clean = (): void => {
  for (const path of Object.values(files)) rmSync(path, { force: true });
};
test.before.each(clean);
test.after(() => rmSync(home, { recursive: true }));

function put(path: string, content: object | string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
}

const auth = (user: string, password = 'secret') => ({
  auth: Buffer.from(`${user}:${password}`).toString('base64'),
});
const userFor = async (repository: string): Promise<string | undefined> => {
  const found = await findCredentials(repository, env);
  return found?.kind === 'password' ? found.user : found?.kind;
};

function helper(name: string, script: string): void {
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, `docker-credential-${name}`), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

async function refusal(): Promise<PodError> {
  try {
    await findCredentials('a.io/x', env);
  } catch (error) {
    return error as PodError;
  }
  throw new Error('credentials were found');
}

test('nothing configured means going anonymously', async () => {
  assert.is(await userFor('quay.io/x/y'), undefined);
});

test('the files are asked in the order of containers-auth.json(5)', async () => {
  assert.equal(authFiles(env), [files.run, files.config, files.docker]);
  assert.equal(authFiles({ ...env, REGISTRY_AUTH_FILE: '/x' }), ['/x']);
  put(files.docker, { auths: { 'quay.io': auth('docker'), 'only.io': auth('only') } });
  put(files.config, { auths: { 'quay.io': auth('config') } });
  assert.is(await userFor('quay.io/x/y'), 'config');
  assert.is(await userFor('only.io/x'), 'only');
  put(files.run, { auths: { 'quay.io': auth('run') } });
  assert.is(await userFor('quay.io/x/y'), 'run');
});

test('the entry with the longest path of the repository wins', async () => {
  put(files.config, {
    auths: { 'quay.io': auth('host'), 'quay.io/team': auth('team'), 'quay.io/team/app': auth('app') },
  });
  assert.is(await userFor('quay.io/team/app'), 'app');
  assert.is(await userFor('quay.io/team/application'), 'team');
  assert.is(await userFor('quay.io/other'), 'host');
  assert.is(await userFor('quay.io.evil.com/team'), undefined);
});

test('keys may be addresses, as docker writes them', async () => {
  put(files.docker, {
    auths: { 'https://index.docker.io/v1/': auth('hub'), 'https://r.org:5000': auth('r') },
  });
  assert.is(await userFor('docker.io/library/alpine'), 'hub');
  assert.is(await userFor('r.org:5000/x'), 'r');
});

test('a password may have colons and padding, an identity token is another thing', async () => {
  put(files.config, {
    auths: {
      a: auth('u', 'p:q:\u00e4\0\0'),
      b: { auth: 'eDp5', identitytoken: 'refresh' },
      c: { username: 'plain', password: 'p' },
      d: {},
    },
  });
  assert.equal(await findCredentials('a/x', env), { kind: 'password', user: 'u', password: 'p:q:\u00e4' });
  assert.equal(await findCredentials('b/x', env), { kind: 'identity', token: 'refresh' });
  assert.is(await userFor('c/x'), 'plain');
  assert.is(await userFor('d/x'), undefined);
});

test('a helper of the registry goes before the entries, credsStore after them', async () => {
  helper('one', 'read server; echo "{\\"Username\\":\\"one-$1-$server\\",\\"Secret\\":\\"s\\"}"');
  helper('all', 'read server; echo "{\\"Username\\":\\"<token>\\",\\"Secret\\":\\"$server\\"}"');
  put(files.docker, {
    auths: { 'a.io': auth('file'), 'b.io': auth('file'), 'c.io': {} },
    credHelpers: { 'a.io': 'one' },
    credsStore: 'all',
  });
  assert.is(await userFor('a.io/x'), 'one-get-a.io');
  assert.is(await userFor('b.io/x'), 'file');
  assert.equal(await findCredentials('c.io/x', env), { kind: 'identity', token: 'c.io' });
  assert.equal(await findCredentials('docker.io/library/x', env), {
    kind: 'identity',
    token: 'https://index.docker.io/v1/',
  });
});

test('a helper that knows nothing is passed over, one that fails is an error without its output', async () => {
  helper('none', 'cat >/dev/null; echo "credentials not found in native keychain"; exit 1');
  put(files.docker, { auths: { 'a.io': auth('file') }, credHelpers: { 'a.io': 'none' } });
  assert.is(await userFor('a.io/x'), 'file');
  helper('bad', 'echo secret-thing; exit 3');
  helper('rubbish', 'echo secret-thing');
  for (const [name, why] of [
    ['bad', 'status 3'],
    ['rubbish', 'not JSON'],
    ['absent', 'not installed'],
    ['../evil', 'no name of a helper'],
  ]) {
    put(files.docker, { credHelpers: { 'a.io': name } });
    const error = await refusal();
    assert.instance(error, PodError);
    assert.match(error.why ?? '', why!);
    assert.not.match(`${error.message} ${error.why} ${error.stack}`, 'secret-thing');
  }
});

test('helpers of registries.conf come in their order', async () => {
  helper('first', 'echo "{\\"Username\\":\\"first\\",\\"Secret\\":\\"s\\"}"');
  put(files.config, { auths: { 'a.io': auth('file') } });
  const found = await findCredentials('a.io/x', env, ['first', 'containers-auth.json']);
  assert.is(found?.kind === 'password' && found.user, 'first');
});

test('a broken file is named, and nothing of it is quoted', async () => {
  for (const content of [
    '{"auths": {"a.io": {"auth": "geheim',
    '[]',
    '{"auths":{"a.io":{"auth":"Z2VoZWlt"}}}',
  ]) {
    put(files.config, content);
    const error = await refusal();
    assert.instance(error, PodError);
    assert.match(error.message, files.config);
    assert.not.match(`${error.why} ${error.stack} ${error.cause}`, /geheim|Z2Vo/);
  }
});

test.run();
