/** OpenSSH's own programs are the judges: what they make is read, and what they ask is answered. */
import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { passOn, serveKeys } from '../../../../../core/build/ssh/agent.ts';
import { readKeyFile } from '../../../../../core/build/ssh/key-file.ts';
import { string, uint32 } from '../../../../../core/build/ssh/wire.ts';

const directory = mkdtempSync(join(tmpdir(), 'ssh-'));
const run = promisify(execFile);
test.after(() => rmSync(directory, { recursive: true }));

/** Makes a key; gives its file. */
function key(name: string, ...args: string[]): string {
  const file = join(directory, name);
  execFileSync('ssh-keygen', ['-q', '-N', '', '-C', name, '-f', file, ...args]);
  return file;
}

const KEYS = [
  key('ed25519', '-t', 'ed25519'),
  key('rsa', '-t', 'rsa', '-b', '2048'),
  key('rsa-pem', '-t', 'rsa', '-b', '2048', '-m', 'PEM'),
  ...['256', '521'].map((bits) => key(`ecdsa-${bits}`, '-t', 'ecdsa', '-b', bits)),
  key('ecdsa-pem', '-t', 'ecdsa', '-b', '256', '-m', 'PEM'),
];

/** An agent with all keys, for as long as `use` takes. */
async function withAgent(use: (socket: string) => Promise<void>): Promise<void> {
  const socket = join(directory, 'agent');
  const keys = KEYS.map(readKeyFile);
  const server = createServer((one) => serveKeys(one, keys)).listen(socket);
  await once(server, 'listening');
  try {
    await use(socket);
  } finally {
    server.close();
  }
}

/** What the agent answers until it, or we, end. */
async function asked(socket: string, ...requests: Buffer[]): Promise<Buffer> {
  const one = connect(socket);
  for (const request of requests) one.write(request);
  one.end();
  const answers: Buffer[] = [];
  one.on('data', (bytes) => answers.push(bytes));
  await once(one, 'close');
  return Buffer.concat(answers);
}

test('ssh-add lists the keys as ssh-keygen has made them', () =>
  withAgent(async (socket) => {
    const { stdout } = await run('ssh-add', ['-L'], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
    const publicOf = (file: string) => readFileSync(`${file}.pub`, 'utf8').split(' ').slice(0, 2).join(' ');
    assert.equal(
      stdout.trim().split('\n'),
      KEYS.map((file) => `${publicOf(file)} ${file}`),
    );
  }));

test('what each key signs, ssh-keygen finds good', () =>
  withAgent(async (socket) => {
    const env = { ...process.env, SSH_AUTH_SOCK: socket };
    for (const file of KEYS) {
      const message = join(directory, 'message');
      writeFileSync(message, `signed by ${file}`);
      const secret = readFileSync(file);
      rmSync(file); // the agent's, not the file's
      await run('ssh-keygen', ['-Y', 'sign', '-n', 'test', '-f', `${file}.pub`, message], { env });
      writeFileSync(file, secret, { mode: 0o600 });
      const check = `ssh-keygen -Y check-novalidate -n test -s ${message}.sig <${message}`;
      const { stdout } = await run('sh', ['-c', check]);
      assert.match(stdout, /^Good "test" signature /);
      rmSync(`${message}.sig`);
    }
  }));

test('RSA signs by the hash that is asked for, and by SHA-1 never', () => {
  const rsa = readKeyFile(KEYS[1]!);
  const algorithm = (flags: number) => {
    const signature = rsa.sign(Buffer.from('x'), flags);
    return signature?.subarray(4, 4 + signature.readUInt32BE(0)).toString();
  };
  assert.equal([0, 2, 4, 6].map(algorithm), [undefined, 'rsa-sha2-256', 'rsa-sha2-512', 'rsa-sha2-512']);
});

test('nonsense is answered by a failure, and what would never end ends', () =>
  withAgent(async (socket) => {
    const failure = string(Buffer.of(5));
    for (const request of [
      string(''),
      string(Buffer.of(13)),
      string(Buffer.concat([Buffer.of(13), uint32(0xffffffff)])),
      string(Buffer.concat([Buffer.of(13), string('no key'), string('data'), uint32(0)])),
      string(Buffer.of(17)), // add a key
      string(Buffer.of(27)), // an extension
    ])
      assert.equal(await asked(socket, request), failure);
    assert.equal(await asked(socket, uint32(0xffffffff), Buffer.alloc(1000)), Buffer.alloc(0));
    assert.equal(await asked(socket, Buffer.of(0, 0)), Buffer.alloc(0));
    const list = string(Buffer.of(11));
    const halves = await asked(socket, list.subarray(0, 3), list.subarray(3), list);
    assert.is(halves[4], 12);
    assert.equal(halves.subarray(0, halves.length / 2), halves.subarray(halves.length / 2));
  }));

test('a key that cannot be used is refused with why', () => {
  const refusal = (file: string) => {
    try {
      return `${readKeyFile(file)}`;
    } catch (error) {
      const { code, message, why, hint } = error as Record<string, string>;
      return [code, message, why, ...(hint ? [hint] : [])];
    }
  };
  const [locked, lockedPem] = [key('locked', '-t', 'ed25519'), key('locked-pem', '-t', 'rsa', '-m', 'PEM')];
  for (const file of [locked, lockedPem]) {
    execFileSync('ssh-keygen', ['-q', '-p', '-N', 'secret', '-f', file]);
    assert.equal(refusal(file), [
      ...['unsupported', `cannot use the key ${file}`, 'it has a passphrase'],
      `eval $(ssh-agent) && ssh-add ${file}   # then --ssh without the file`,
    ]);
  }
  const damaged = join(directory, 'damaged');
  const text = readFileSync(KEYS[0]!, 'utf8');
  const invalid = ['invalid', `cannot use the key ${damaged}`, 'it is no private key, or damaged'];
  for (const content of [
    '',
    'no key',
    `${KEYS[0]}.pub`,
    text.replace('b3Bl', 'AAAA'),
    text.replace(/\n.{8}/g, '\n'),
  ]) {
    writeFileSync(damaged, content);
    assert.equal(refusal(damaged), invalid);
  }
  assert.equal(refusal(directory)[0], 'denied');
});

test('an agent that is passed on tells its keys and signs: nothing else reaches it, in one piece or many', async () => {
  const heard: number[] = [];
  const theirs = join(directory, 'theirs');
  const ours = join(directory, 'ours');
  const agent = createServer((one) => {
    one.on('data', (bytes) => {
      heard.push(bytes[4]!);
      const answer = string(Buffer.of(bytes[4]! + 1, 7));
      one.write(answer.subarray(0, 3));
      setImmediate(() => one.write(answer.subarray(3)));
    });
    one.on('error', () => {});
  }).listen(theirs);
  const server = createServer((one) => passOn(one, theirs)).listen(ours);
  await Promise.all([once(agent, 'listening'), once(server, 'listening')]);
  const one = connect(ours);
  try {
    // Add, remove, lock, smartcards, extensions; between them what is let through.
    const types = [17, 18, 11, 19, 20, 21, 22, 13, 23, 25, 26, 27, 0, 255, 11];
    const failure = string(Buffer.of(5));
    const expected = Buffer.concat(
      types.map((type) => (type === 11 || type === 13 ? string(Buffer.of(type + 1, 7)) : failure)),
    );
    const requests = Buffer.concat(types.map((type) => string(Buffer.of(type, 1, 2, 3))));
    let answers = Buffer.alloc(0);
    const all = new Promise<void>((resolve) =>
      one.on('data', (bytes) => {
        answers = Buffer.concat([answers, bytes]);
        if (answers.length >= expected.length) resolve();
      }),
    );
    one.write(requests.subarray(0, 10));
    setImmediate(() => one.write(requests.subarray(10)));
    await all;
    assert.equal(answers, expected);
    assert.equal(heard, [11, 13, 11]);
  } finally {
    one.destroy();
    server.close();
    agent.close();
  }
});

test('who is passed on to an agent that is gone hears so', async () => {
  const ours = join(directory, 'gone');
  const server = createServer((one) => passOn(one, join(directory, 'nobody'))).listen(ours);
  await once(server, 'listening');
  try {
    const one = connect(ours).on('error', () => {});
    one.write(string(Buffer.of(11)));
    await new Promise((resolve) => one.once('close', resolve));
  } finally {
    server.close();
  }
});

test.run();
