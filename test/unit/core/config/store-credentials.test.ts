import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { authFiles, ownAuthFile } from '../../../../core/config/auth-file.ts';
import { type Credentials, findCredentials } from '../../../../core/config/credentials.ts';
import { loginKey } from '../../../../core/config/login-key.ts';
import {
  type KeepOptions,
  removeAllCredentials,
  removeCredentials,
  storeCredentials,
} from '../../../../core/config/store-credentials.ts';
import { PodError } from '../../../../core/error.ts';

const home = mkdtempSync(join(tmpdir(), 'store-credentials-'));
const bin = join(home, 'bin');
const env = { HOME: home, XDG_RUNTIME_DIR: join(home, 'run'), PATH: `${bin}:${process.env.PATH}` };
const file = join(home, 'run/containers/auth.json');
const asked = join(home, 'asked');
const me: Credentials = { kind: 'password', user: 'me', password: 'p:w\u00e4\n' };

test.before.each(() => {
  for (const path of [file, asked]) rmSync(path, { force: true, recursive: true });
});
test.after(() => rmSync(home, { recursive: true }));

const options = (more: Partial<KeepOptions> = {}): KeepOptions => ({
  file: ownAuthFile(env),
  env,
  exclusively: (work) => work(),
  ...more,
});
const read = (): unknown => JSON.parse(readFileSync(file, 'utf8'));
const encoded = (text: string): string => Buffer.from(text).toString('base64');
function put(content: object | string): void {
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
}

/** A credential helper that notes down its argv and stdin, and keeps one server in a file. */
function helper(name: string): void {
  mkdirSync(bin, { recursive: true });
  const kept = join(home, `kept-${name}`);
  rmSync(kept, { force: true });
  writeFileSync(
    join(bin, `docker-credential-${name}`),
    `#!/bin/sh
input=$(cat); echo "$0 $* / $input" >> ${asked}
case $1 in
  store) printf %s "$input" > ${kept};;
  erase) [ -e ${kept} ] && rm ${kept} || { echo credentials not found in native keychain; exit 1; };;
  get) cat ${kept} 2>/dev/null || { echo credentials not found in native keychain; exit 1; };;
esac
`,
    { mode: 0o755 },
  );
}

async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => assert.unreachable('nothing was refused'),
    (thrown) => thrown,
  );
  assert.instance(error, PodError);
  return `${error.code}: ${error.message}: ${error.why}`;
}

test('a first login makes the file and its folder, closed to others', async () => {
  rmSync(join(file, '..'), { recursive: true, force: true });
  assert.is(await storeCredentials('quay.io', me, options()), file);
  assert.is(statSync(file).mode & 0o777, 0o600);
  assert.is(statSync(join(file, '..')).mode & 0o777, 0o700);
  assert.equal(await findCredentials('quay.io/team/app', env), me);
  assert.equal(readdirSync(join(file, '..')), ['auth.json']);
});

test('all else in the file stays: other entries, members that only others know', async () => {
  put({
    auths: { 'a.io': { auth: 'x', email: 'me@a.io' }, 'https://quay.io/v2/': { auth: 'old', email: 'e' } },
    HttpHeaders: { a: 'b' },
    detachKeys: 'ctrl-x',
  });
  chmodSync(file, 0o644);
  await storeCredentials('quay.io', me, options());
  assert.equal(read(), {
    auths: {
      'a.io': { auth: 'x', email: 'me@a.io' },
      'quay.io': { email: 'e', auth: encoded('me:p:w\u00e4\n') },
    },
    HttpHeaders: { a: 'b' },
    detachKeys: 'ctrl-x',
  });
  assert.is(statSync(file).mode & 0o777, 0o600, 'a file that was open is closed');
});

test('a part of a registry has credentials of its own', async () => {
  await storeCredentials('quay.io', me, options());
  await storeCredentials('quay.io/team', { ...me, user: 'team' } as Credentials, options());
  const user = async (name: string) => ((await findCredentials(name, env)) as { user: string }).user;
  assert.is(await user('quay.io/team/app'), 'team');
  assert.is(await user('quay.io/other'), 'me');
  assert.is(await removeCredentials('quay.io/team', options()), true);
  assert.is(await user('quay.io/team/app'), 'me');
});

test('a broken file is refused as it is, and nothing of it is told', async () => {
  for (const text of [
    '{"auths": {"a": secret',
    '[]',
    '{"auths": []}',
    '{"auths":{},"credHelpers":"secret"}',
  ]) {
    put(text);
    const said = await refusal(storeCredentials('quay.io', me, options()));
    assert.match(said, new RegExp(`^invalid: cannot use ${file}: `));
    assert.not.match(said, /secret/);
    assert.is(readFileSync(file, 'utf8'), text);
  }
});

test('a link stays one', async () => {
  const real = join(home, 'real.json');
  writeFileSync(real, '{}');
  mkdirSync(join(file, '..'), { recursive: true });
  symlinkSync(real, file);
  await storeCredentials('quay.io', me, options());
  assert.match(readFileSync(real, 'utf8'), /quay\.io/);
  assert.ok(lstatSync(file).isSymbolicLink());
});

test('a helper of the registry, or of all, keeps the secret, and is told it on stdin alone', async () => {
  for (const member of [{ credHelpers: { 'quay.io': 'test' } }, { credsStore: 'test' }]) {
    helper('test');
    rmSync(asked, { force: true });
    put({ ...member, auths: { 'quay.io': { auth: encoded('old:old') } } });
    assert.is(await storeCredentials('quay.io', me, options()), 'docker-credential-test');
    assert.equal(read(), { ...member, auths: {} }, 'what would be found first is gone');
    assert.equal(await findCredentials('quay.io/x', env), me);
    assert.is(await removeCredentials('quay.io', options()), true);
    assert.is(await removeCredentials('quay.io', options()), false);
    const lines = readFileSync(asked, 'utf8').split('\n');
    assert.match(lines[0]!, /docker-credential-test store \/ \{"ServerURL":"quay.io","Username":"me"/);
    for (const line of lines) assert.not.match(line.split(' / ')[0]!, /p:w/);
    assert.match(
      await refusal(storeCredentials('quay.io/team', me, options())),
      /keeps those of whole registries only/,
    );
  }
});

test('helpers of registries.conf are tried in turn', async () => {
  helper('test');
  const helpers = ['none-such', 'test', 'containers-auth.json'];
  assert.is(await storeCredentials('quay.io', me, options({ helpers })), 'docker-credential-test');
  assert.equal(await findCredentials('quay.io/x', env, ['test']), me);
  assert.match(
    await refusal(storeCredentials('quay.io', me, options({ helpers: ['none-such'] }))),
    /^denied: cannot give docker-credential-none-such the credentials of quay.io: it is not installed/,
  );
});

test("Docker's own name for its Hub is found, replaced and written where that is wanted", async () => {
  put({ auths: { 'https://index.docker.io/v1/': { auth: encoded('old:old') } } });
  await storeCredentials('docker.io', me, options());
  assert.equal(Object.keys((read() as { auths: object }).auths), ['docker.io']);
  await storeCredentials('docker.io', me, options({ compatible: true }));
  assert.equal(Object.keys((read() as { auths: object }).auths), ['https://index.docker.io/v1/']);
  assert.equal(await findCredentials('docker.io/library/x', env), me);
});

test('all are forgotten at once, and the rest of the file stays', async () => {
  put({ auths: { 'a.io': { auth: 'x' }, 'b.io': { auth: 'y' } }, detachKeys: 'ctrl-x' });
  await removeAllCredentials(options());
  assert.equal(read(), { auths: {}, detachKeys: 'ctrl-x' });
  assert.is(await removeCredentials('a.io', options()), false);
});

test('the environment chooses the file', () => {
  assert.is(ownAuthFile({ ...env, REGISTRY_AUTH_FILE: '/x', DOCKER_CONFIG: '/d' }), '/x');
  assert.is(ownAuthFile({ ...env, DOCKER_CONFIG: '/d' }), '/d/config.json');
  assert.is(authFiles({ ...env, DOCKER_CONFIG: '/d' })[0], '/d/config.json');
  assert.is(ownAuthFile(env), file);
});

test('what a person calls a registry', async () => {
  const known: [string, string][] = [
    ['quay.io', 'quay.io'],
    ['localhost:5000', 'localhost:5000'],
    ['localhost', 'localhost'],
    ['[::1]:5000', '[::1]:5000'],
    ['https://quay.io/', 'quay.io'],
    ['https://index.docker.io/v1/', 'docker.io'],
    ['quay.io/team/v2', 'quay.io/team/v2'],
    ['registry-1.docker.io', 'docker.io'],
    ['docker.io/team', 'docker.io/team'],
    ['quay.io/team/app', 'quay.io/team/app'],
  ];
  for (const [text, key] of known) assert.is(loginKey(text), key);
  for (const text of [
    '',
    'quay',
    'team/app',
    'quay.io/team:tag',
    'quay.io/TEAM',
    'a b.io',
    '-x.io',
    'quay.io/x@y',
  ])
    assert.throws(() => loginKey(text), /invalid registry/, text);
});

test.run();
