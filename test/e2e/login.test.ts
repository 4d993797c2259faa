/** login and logout against real registries: plain, with passwords, with tokens. */
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { pod, test } from './harness/index.ts';
import { configure, trust } from './harness/registries-conf.ts';
import { type Registry, startRegistry } from './harness/registry.ts';
import { environment, sandbox } from './harness/sandbox.ts';
import { podTerminal } from './harness/terminal.ts';

const SECRET = 'only:for tests';
const ENCODED = Buffer.from(`tester:${SECRET}`).toString('base64');
const authFile = join(sandbox.run, 'containers/auth.json');

let basic: Registry;
let tokens: Registry;

test.before(async () => {
  [basic, tokens] = await Promise.all([
    startRegistry({ tls: true, auth: 'htpasswd' }),
    startRegistry({ tls: true, auth: 'token', open: /^nothing$/ }),
  ]);
});

test.before.each(() => {
  configure('');
  rmSync(authFile, { force: true });
  for (const registry of [basic, tokens]) trust(registry);
});

const login = (args: string[], stdin = `${SECRET}\n`, env: Record<string, string> = {}) =>
  pod(['login', ...args], { input: stdin, env: { ...environment, ...env } });

const succeeded = { code: 0, signal: null, stdout: 'Login Succeeded\n', stderr: '' };

test('login is tried against the registry, basic or token, and kept', async () => {
  for (const registry of [basic, tokens]) {
    assert.equal(await login(['-u', 'tester', '--password-stdin', registry.host]), succeeded);
    const { auths } = JSON.parse(readFileSync(authFile, 'utf8'));
    assert.equal(auths[registry.host], { auth: ENCODED });
    assert.is(statSync(authFile).mode & 0o777, 0o600);
  }
  const [asked] = tokens.tokens!.requests;
  assert.match(asked!.url, /^\/token\?service=test-registry&account=tester$/);
});

test('what is kept is used to pull, and forgotten by logout', async () => {
  await tokens.push('team/app:1', { layers: [[{ name: 'x', content: 'x' }]] });
  const name = `${tokens.host}/team/app:1`;
  assert.is((await pod(['pull', '-q', name])).code, 125);
  await login(['-u', 'tester', '--password-stdin', tokens.host]);
  assert.is((await pod(['pull', '-q', name])).code, 0);
  assert.equal(await pod(['login', '--get-login', tokens.host]), { ...succeeded, stdout: 'tester\n' });
  assert.equal(await pod(['logout', tokens.host]), {
    ...succeeded,
    stdout: `Removed login credentials for ${tokens.host}\n`,
  });
  assert.equal(await pod(['logout', tokens.host]), {
    code: 125,
    signal: null,
    stdout: '',
    stderr: `Error: not logged in to ${tokens.host}\n`,
  });
  assert.is((await pod(['pull', '-q', name])).code, 125);
});

test('credentials that the registry refuses are not kept', async () => {
  for (const registry of [basic, tokens]) {
    const { host } = registry;
    assert.equal(await login(['-u', 'tester', '--password-stdin', host], 'wrong'), {
      code: 1,
      signal: null,
      stdout: '',
      stderr: `Error: cannot log in to ${host}: the registry does not take this user name and password\n`,
    });
    assert.not(existsSync(authFile));
  }
});

test('a login for a repository is kept for that alone, in the file that was named', async () => {
  const file = join(sandbox.work, 'own.json');
  const key = `${tokens.host}/team/app`;
  const args = ['-u', 'tester', '--password-stdin', '--authfile', file, '-v', key];
  assert.equal(await login(args), { ...succeeded, stdout: `Used: ${file}\nLogin Succeeded\n` });
  assert.equal(JSON.parse(readFileSync(file, 'utf8')), { auths: { [key]: { auth: ENCODED } } });
  const env = { ...environment, REGISTRY_AUTH_FILE: file };
  assert.is((await pod(['pull', '-q', `${key}:1`], { env })).code, 0);
  assert.equal(await pod(['logout', '--all'], { env }), {
    ...succeeded,
    stdout: 'Removed login credentials for all registries\n',
  });
  assert.equal(JSON.parse(readFileSync(file, 'utf8')), { auths: {} });
});

test("docker's own file and its helper are used where DOCKER_CONFIG names them", async () => {
  const docker = join(sandbox.work, 'docker');
  const bin = join(sandbox.work, 'bin');
  const notes = join(sandbox.work, 'notes');
  for (const directory of [docker, bin]) mkdirSync(directory, { recursive: true });
  writeFileSync(join(docker, 'config.json'), '{"credsStore": "notes", "detachKeys": "ctrl-x"}');
  const script = `#!/bin/sh\necho "$*" >> ${notes}.argv\n[ $1 = store ] && cat > ${notes} || { cat > /dev/null; cat ${notes}; }\n`;
  writeFileSync(join(bin, 'docker-credential-notes'), script, { mode: 0o755 });
  const env = { DOCKER_CONFIG: docker, PATH: `${bin}:${environment.PATH}` };
  assert.equal(await login(['-u', 'tester', '--password-stdin', basic.host], SECRET, env), succeeded);
  assert.equal(JSON.parse(readFileSync(notes, 'utf8')), {
    ServerURL: basic.host,
    Username: 'tester',
    Secret: SECRET,
  });
  assert.is(readFileSync(`${notes}.argv`, 'utf8'), 'store\n');
  assert.not.match(readFileSync(join(docker, 'config.json'), 'utf8'), new RegExp(ENCODED));
  const known = await pod(['login', '--get-login', basic.host], { env: { ...environment, ...env } });
  assert.is(known.stdout, 'tester\n');
});

test('on a terminal user and password are asked for, and the password is not shown', async () => {
  const screen = podTerminal(['login', basic.host]);
  await screen.until('Username: ');
  screen.send('tester\r');
  await screen.until('Password: ');
  screen.send(`wrong\x15x${SECRET}`);
  screen.send('\x7f'.repeat(SECRET.length + 1));
  screen.send(`${SECRET}\r`);
  await screen.until('Login Succeeded');
  assert.equal(await screen.end(), { code: 0, signal: null });
  assert.not.match(screen.text(), /only|wrong/);
  assert.match(readFileSync(authFile, 'utf8'), new RegExp(ENCODED));

  const again = podTerminal(['login', basic.host]);
  await again.until('Authenticating with existing credentials for ');
  await again.until('Login Succeeded');
  assert.equal(await again.end(), { code: 0, signal: null });
});

test('^C at the password leaves the terminal as it was, and nothing kept', async () => {
  const command = `stty -a > before; "$0" login ${basic.host}; echo code=$?; stty -a > after`;
  const { terminal } = await import('./harness/terminal.ts');
  const { binary } = await import('./harness/sandbox.ts');
  const screen = terminal(['sh', '-c', command, binary]);
  await screen.until('Username: ');
  screen.send('tester\r');
  await screen.until('Password: ');
  screen.send('secr\x03');
  await screen.until('code=130');
  await screen.end();
  const [before, after] = ['before', 'after'].map((name) => readFileSync(join(sandbox.work, name), 'utf8'));
  assert.is(after, before);
  assert.not(existsSync(authFile));
});

test('what can not be asked, or not be meant, is refused in one sentence', async () => {
  const cases: [string[], RegExp][] = [
    [[basic.host], /cannot ask for a user name and password: standard input is no terminal\n/],
    [['--password-stdin', basic.host], /--password-stdin needs --username\n/],
    [['-u', 'a', '-p', 'b', '--password-stdin', basic.host], /mutually exclusive\n/],
    [['-u', 'a:b', '--password-stdin', basic.host], /a user name holds no colon\n/],
    [['-u', 'a', '--password-stdin', 'not a host'], /invalid registry "not a host"/],
    [['-u', 'a', '--password-stdin', '127.0.0.1:1'], /cannot log in to 127.0.0.1:1: .*connection refused/],
    [['--get-login', basic.host], /not logged in to /],
  ];
  for (const [args, message] of cases) {
    const result = await login(args);
    assert.is(result.code, 125, args.join(' '));
    assert.match(result.stderr, message);
    assert.is(result.stdout, '');
  }
});

test('a broken auth file is refused and stays as it is', async () => {
  mkdirSync(join(sandbox.run, 'containers'), { recursive: true });
  writeFileSync(authFile, `{"auths": {"a": "${ENCODED}"`);
  const result = await login(['-u', 'tester', '--password-stdin', basic.host]);
  assert.equal(result, {
    code: 125,
    signal: null,
    stdout: '',
    stderr: `Error: cannot use ${authFile}: it is not JSON\n`,
  });
  assert.is(readFileSync(authFile, 'utf8'), `{"auths": {"a": "${ENCODED}"`);
});

test('the secret is in no output, also of --debug and of failures, and in no file but its own', async () => {
  const said: string[] = [];
  const keep = async (run: Promise<{ stdout: string; stderr: string }>) => {
    const { stdout, stderr } = await run;
    said.push(stdout, stderr);
  };
  await keep(login(['--debug', '--log-level', 'debug', '-u', 'tester', '-p', SECRET, basic.host], ''));
  const warning = 'WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n';
  assert.equal(said, ['Login Succeeded\n', warning]);
  await keep(login(['--debug', '-u', 'other', '-p', SECRET, tokens.host], ''));
  await keep(login(['--debug', '-u', 'other', '-p', SECRET, '127.0.0.1:1'], ''));
  await keep(pod(['--debug', 'pull', `${basic.host}/none/such`]));
  await keep(pod(['events', '--since', '1h', '--until', '0s']));
  writeFileSync(authFile, readFileSync(authFile, 'utf8').replace('{', '{{'));
  await keep(pod(['--debug', 'pull', `${basic.host}/none/such`]));
  await keep(pod(['--debug', 'logout', basic.host]));
  rmSync(authFile);
  for (const secret of [SECRET, ENCODED, 'for tests']) {
    assert.not(said.join('').includes(secret), secret);
    assert.not(await isBelow(sandbox.data, secret), secret);
  }
});

async function isBelow(directory: string, secret: string): Promise<boolean> {
  const { spawnSync } = await import('node:child_process');
  return spawnSync('grep', ['-rqF', '--', secret, directory]).status === 0;
}

test.run();
