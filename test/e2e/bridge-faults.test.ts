/** What the user's processes that hold the bridge networks may suffer, and how containers come back. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { addressOf, filesOfHub, GET, hubPid, IMAGE, lookUp, serve } from './bridge-lab.ts';
import { eventually, pod, podOk, sandbox, test } from './harness/index.ts';

/** Processes whose parent is this one, by name. */
function childrenOf(parent: number): Map<string, number> {
  const found = new Map<string, number>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
    try {
      const [, name = '', rest = ''] =
        /^\d+ \((.*)\) . (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
      if (Number(rest) === parent) found.set(name, Number(pid));
    } catch {
      // gone meanwhile
    }
  return found;
}

async function isWell(): Promise<boolean> {
  const { code, stdout } = await pod([
    'exec',
    'client',
    'sh',
    '-c',
    `${GET('web')}; ip -4 -o addr show eth0`,
  ]);
  return code === 0 && /^web\n/.test(stdout);
}

const port = async (): Promise<string> => (await podOk(['port', 'web', '80'])).split(':')[1]!;
const answers = async (): Promise<boolean> => {
  const url = `http://127.0.0.1:${await port()}/`;
  return fetch(url).then(
    async (answer) => (await answer.text()) === 'web\n',
    () => false,
  );
};

test('containers whose hub was killed are back with the addresses, names and ports that they had', async () => {
  await podOk(['network', 'create', 'one']);
  await serve('web', '--network', 'one', '-p', '127.0.0.1:0:80');
  await podOk(['run', '-d', '--rm', '--name', 'client', '--network', 'one', IMAGE, 'sleep', '999']);
  await eventually(isWell);
  const before = await podOk(['exec', 'web', 'ip', '-4', '-o', 'addr', 'show', 'eth0']);
  const hub = hubPid();
  process.kill(hub, 'SIGKILL');
  await eventually(() => filesOfHub().includes('state') && hubPid() !== hub);
  await eventually(isWell);
  const after = await podOk(['exec', 'web', 'ip', '-4', '-o', 'addr', 'show', 'eth0']);
  assert.is(after.replace(/^\d+: /, ''), before.replace(/^\d+: /, ''));
  assert.is(await lookUp('client', 'web'), await addressOf('web', 'one'));
  await eventually(answers);
});

test('new containers find them, and they what they came into before the hub was killed', async () => {
  await podOk(['network', 'create', 'two']);
  await podOk(['network', 'connect', 'two', 'web']);
  const hub = hubPid();
  process.kill(hub, 'SIGKILL');
  await eventually(() => filesOfHub().includes('state') && hubPid() !== hub);
  await eventually(isWell);
  await podOk(['run', '-d', '--rm', '--name', 'late', '--network', 'two', IMAGE, 'sleep', '999']);
  await eventually(async () => (await lookUp('late', 'web')) === (await addressOf('web', 'two')));
  await podOk(['rm', '-f', 'late']);
});

test('a network whose process or uplink was killed comes back', async () => {
  for (const name of ['tsc-pod network', 'slirp4netns']) {
    const networks = childrenOf(hubPid());
    const network = networks.get('tsc-pod network')!;
    process.kill(name === 'slirp4netns' ? childrenOf(network).get(name)! : network, 'SIGKILL');
    await eventually(() => {
      const now = childrenOf(hubPid()).get('tsc-pod network');
      return now !== undefined && now !== network;
    });
    await eventually(isWell);
    await eventually(answers);
  }
});

test('network reload is for containers that run', async () => {
  const id = await podOk(['inspect', '-f', '{{.Id}}', 'web']);
  assert.is(await podOk(['network', 'reload', 'web']), id);
  await podOk(['create', '--name', 'still', '--network', 'one', IMAGE, 'true']);
  const refused = await pod(['network', 'reload', 'still']);
  assert.is(refused.code, 125);
  assert.match(refused.stderr, /cannot reload the networks of still: it is not running/);
  const both = (await podOk(['network', 'reload', '--all'])).split('\n');
  assert.is(both.length, 2);
  await podOk(['rm', 'still']);
});

test('system check finds addresses that nobody has, and networks that cannot be read', async () => {
  const networks = join(sandbox.data, 'networks');
  mkdirSync(join(networks, 'two/leases/10.1.2.3'));
  writeFileSync(join(networks, 'two/leases/10.1.2.3', 'f'.repeat(64)), '');
  await podOk(['network', 'create', 'bad']);
  writeFileSync(join(networks, 'bad/network.json'), '{');
  const ran = await pod(['system', 'check']);
  assert.match(ran.stdout, /lease.*two\/10\.1\.2\.3.*the container that has it is gone/);
  assert.match(ran.stdout, /network.*bad/);
  await podOk(['system', 'check', '--repair']);
  assert.is((await pod(['system', 'check'])).stdout, '');
  assert.is((await podOk(['network', 'ls', '-q', '-f', 'driver=bridge'])).split('\n').length, 3);
});

test('nothing is left', async () => {
  await podOk(['rm', '-f', 'web', 'client']);
  await eventually(() => filesOfHub().length === 0);
  await podOk(['network', 'rm', 'one', 'two']);
});

test.run();
