/**
 * One container's whole life: redis from Debian's packages, as a person would run it, from its first start to its
 * removal. The tests are the steps of one session, in their order; after the last one everything is as it was before
 * the first.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { ended } from './container-lab.ts';
import { pullDebian } from './debian-image.ts';
import { eventually, limitEachTest, limitFile, pod, podOk, startPod, test } from './harness/index.ts';
import { sandbox } from './harness/sandbox.ts';
import { processesOf } from './harness/sweep.ts';
import { freePort } from './registry/free-port.ts';
import { type Traces, traces } from './traces.ts';

limitFile(400);
limitEachTest(120);

const SERVER = ['redis-server', '--bind', '0.0.0.0', '--protected-mode', 'no', '--dir', '/data'];
const HEALTH = 'redis-cli ping | grep -q PONG';

const isData = (path: string): boolean => path.startsWith('/data/volumes/redis-data');

let port: number;
let before: Traces;
const logs = { text: '', over: false };

/** Sends one command over the published port, and gives the first bytes of the answer. */
function redis(...words: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('closed without an answer')));
    socket.on('data', (answer) => {
      resolve(answer.toString());
      socket.destroy();
    });
    socket.write(`*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`);
  });
}

const answers = () => eventually(async () => (await redis('PING')) === '+PONG\r\n');
const inspect = (format: string, name = 'redis') => podOk(['inspect', '--format', format, name]);

test.before(async () => {
  await pullDebian();
  // The first container makes the directories that stay, the launcher, and notes about the host.
  await podOk(['run', '--rm', 'debian:bookworm', 'true']);
  await eventually(() => processesOf(sandbox.dir).length === 0);
  before = traces(isData);
  port = await freePort();
});

test('run -d: with a port, a volume and a health check', async () => {
  const flags = [
    '--name',
    'redis',
    '-p',
    `127.0.0.1:${port}:6379`,
    '-v',
    'redis-data:/data',
    '-v',
    '/scratch',
  ];
  const health = ['--health-cmd', HEALTH, '--health-interval', '500ms', '--health-retries', '2'];
  const failing = ['--health-on-failure', 'restart', '--health-timeout', '20s'];
  const id = await podOk(['run', '-d', ...flags, ...health, ...failing, 'debian:bookworm', ...SERVER]);
  assert.match(id, /^[0-9a-f]{64}$/);
  const following = startPod(['logs', '-f', 'redis']);
  following.stdout!.on('data', (text) => {
    logs.text += text;
  });
  following.on('close', () => {
    logs.over = true;
  });
  await answers();
  assert.is(await redis('SET', 'answer', '42'), '+OK\r\n');
  assert.is(await podOk(['port', 'redis']), `6379/tcp -> 127.0.0.1:${port}`);
});

test('exec', async () => {
  assert.equal(await pod(['exec', 'redis', 'redis-cli', 'get', 'answer']), ended(0, '42\n'));
  assert.equal(
    await pod([
      'exec',
      '-u',
      'redis',
      '-w',
      '/tmp',
      '-e',
      'A=b',
      'redis',
      'sh',
      '-c',
      'id -un; pwd; echo $A; exit 7',
    ]),
    ended(7, 'redis\n/tmp\nb\n'),
  );
});

test('logs -f shows what is said while it runs', async () => {
  await eventually(() => logs.text.includes('Ready to accept connections'));
  assert.is(logs.over, false);
});

test('pause: nothing answers, until unpause', async () => {
  assert.equal(await pod(['pause', 'redis']), ended(0, 'redis\n'));
  assert.is(await inspect('{{.State.Status}} {{.State.Paused}}'), 'paused true');
  const answer = redis('GET', 'answer');
  assert.match((await pod(['exec', 'redis', 'true'])).stderr, /paused/);
  assert.is(await Promise.race([answer, pod(['ps', '-q']).then(() => 'silent')]), 'silent');
  assert.equal(await pod(['unpause', 'redis']), ended(0, 'redis\n'));
  assert.is(await answer, '$2\r\n42\r\n');
  assert.is(await inspect('{{.State.Status}} {{.State.Paused}}'), 'running false');
});

test('stats and top show what it does', async () => {
  const stats = JSON.parse(await podOk(['stats', '--no-stream', '--format', 'json', 'redis']));
  assert.is(stats.Name, 'redis');
  assert.match(stats.MemUsage, /^[\d.]+MiB \/ [\d.]+GiB$/);
  assert.ok(Number(stats.PIDs) >= 1, stats.PIDs);
  const [titles, ...processes] = (await podOk(['top', 'redis', 'user', 'pid', 'args'])).split('\n');
  assert.match(titles!, /^USER +PID +COMMAND$/);
  assert.ok(
    processes.some((line) => /^root +1 +redis-server 0\.0\.0\.0:6379$/.test(line)),
    processes.join('\n'),
  );
});

test('cp: in and out; diff shows what has changed', async () => {
  writeFileSync(join(sandbox.work, 'double.lua'), "return redis.call('GET', KEYS[1]) * 2\n");
  assert.equal(await pod(['cp', '-q', 'double.lua', 'redis:/opt/']), ended(0));
  assert.equal(
    await pod(['exec', 'redis', 'redis-cli', '--eval', '/opt/double.lua', 'answer']),
    ended(0, '84\n'),
  );
  assert.is(await redis('SAVE'), '+OK\r\n');
  assert.equal(await pod(['cp', '-q', 'redis:/data/dump.rdb', '.']), ended(0));
  assert.is(readFileSync(join(sandbox.work, 'dump.rdb'), 'latin1').slice(0, 5), 'REDIS');
  const changes = (await podOk(['diff', 'redis'])).split('\n');
  assert.ok(changes.includes('A /opt/double.lua'), changes.join('\n'));
  assert.not.ok(changes.some((line) => line.includes('dump.rdb')));
});

test('health turns bad, and it is restarted', async () => {
  await eventually(async () => (await inspect('{{.State.Health.Status}}')) === 'healthy');
  // From now on a PING without the password is refused; a new server doesn't know the password.
  assert.is(await redis('CONFIG', 'SET', 'requirepass', 'forgotten'), '+OK\r\n');
  await eventually(async () => (await inspect('{{.RestartCount}}')) !== '0');
  await answers();
  await eventually(async () => (await inspect('{{.State.Health.Status}}')) === 'healthy');
  assert.match(await podOk(['ps', '--format', '{{.Names}} {{.Status}}']), /^redis Up .+ \(healthy\)$/);
  assert.is(await redis('GET', 'answer'), '$2\r\n42\r\n');
});

test('rename', async () => {
  assert.equal(await pod(['rename', 'redis', 'cache']), ended(0));
  assert.is(await inspect('{{.Name}} {{.State.Status}}', 'cache'), 'cache running');
  assert.is((await pod(['inspect', '--type', 'container', 'redis'])).code, 125);
});

test('commit: an image of what it is now', async () => {
  const change = ['-c', 'CMD ["cat", "/opt/double.lua"]', '-m', 'with a script', '-a', 'A. Tester'];
  assert.match(await podOk(['commit', '-q', ...change, 'cache', 'localhost/redis:kept']), /^[0-9a-f]{64}$/);
  const ran = await pod(['run', '--rm', '--network', 'none', 'localhost/redis:kept']);
  assert.equal(ran, ended(0, "return redis.call('GET', KEYS[1]) * 2\n"));
});

test('stop, start: with its data, on its port', async () => {
  assert.equal(await pod(['stop', 'cache']), ended(0, 'cache\n'));
  assert.is(await inspect('{{.State.Status}} {{.State.ExitCode}}', 'cache'), 'exited 0');
  await eventually(() => logs.over);
  assert.match(logs.text, /Redis is now ready to exit/);
  assert.is(await redis('PING').catch((error) => error.code), 'ECONNREFUSED');
  assert.equal(await pod(['start', 'cache']), ended(0, 'cache\n'));
  await answers();
  assert.is(await redis('GET', 'answer'), '$2\r\n42\r\n');
  assert.equal(await pod(['exec', 'cache', 'test', '-e', '/opt/double.lua']), ended(0));
});

test('restart', async () => {
  const pid = await inspect('{{.State.Pid}}', 'cache');
  assert.equal(await pod(['restart', 'cache']), ended(0, 'cache\n'));
  await answers();
  assert.is.not(await inspect('{{.State.Pid}}', 'cache'), pid);
});

test('events told it all', async () => {
  const events = (
    await podOk(['events', '--since', '10m', '--until', '0s', '--format', '{{.Type}} {{.Action}}'])
  ).split('\n');
  for (const what of [
    'create',
    'start',
    'pause',
    'unpause',
    'rename',
    'commit',
    'die',
    'stop',
    'restart',
    'health_status: unhealthy',
  ])
    assert.ok(events.includes(`container ${what}`), `no ${what} in:\n${events.join('\n')}`);
});

test('rm: nothing is left', async () => {
  assert.equal(await pod(['rm', '-f', '-v', 'cache']), ended(0, 'cache\n'));
  await podOk(['rmi', 'localhost/redis:kept']);
  await eventually(() => {
    assert.equal(traces(isData), before);
    return true;
  });
  assert.is(await redis('PING').catch((error) => error.code), 'ECONNREFUSED');
});

test.run();
