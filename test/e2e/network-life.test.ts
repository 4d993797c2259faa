/**
 * Networks as a person would use them, with Debian's own redis and nginx: the tests are the steps of one session, in
 * their order; after the last one everything is as it was before the first.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { ended } from './container-lab.ts';
import { pullDebian } from './debian-image.ts';
import { command, eventually, limitEachTest, limitFile, pod, podOk, test } from './harness/index.ts';
import { sandbox } from './harness/sandbox.ts';
import { processesOf } from './harness/sweep.ts';
import { freePort } from './registry/free-port.ts';
import { cgroupsOf, type Traces, traces } from './traces.ts';

limitFile(400);
limitEachTest(120);

const IMAGE = 'debian:bookworm';
const REDIS = ['redis-server', '--bind', '* -::*', '--protected-mode', 'no', '--dir', '/data'];
const NGINX = ['nginx', '-g', 'daemon off;'];
const isData = (path: string): boolean => path.startsWith('/data/volumes/stock');

let before: Traces;
let port: number;
let host: { server: Server; port: number };
const ids: string[] = [];

const detached = async (name: string, flags: string[], command: string[]): Promise<void> => {
  ids.push(await podOk(['run', '-d', '--name', name, ...flags, IMAGE, ...command]));
};
const runIn = (networks: string[], script: string, ...flags: string[]) =>
  pod([
    'run',
    '--rm',
    ...networks.flatMap((name) => ['--network', name]),
    ...flags,
    IMAGE,
    'bash',
    '-c',
    script,
  ]);
/** What a script says within the container. */
const inside = (name: string, script: string) => podOk(['exec', name, 'bash', '-c', script]);
const addressOf = (name: string, network: string, field = 'IPAddress') =>
  podOk(['inspect', '-f', `{{(index .NetworkSettings.Networks "${network}").${field}}}`, name]);

/** The body of a page, by the shell alone: names are glibc's to resolve. */
const page = (where: string, at = 80) =>
  `exec 3<>/dev/tcp/${where}/${at} && printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3 && tail -n 1 <&3`;
/** A redis at an address says so; what another one says, or a way out that answers for everybody, doesn't count. */
const greets = (where: string) =>
  `timeout 1 bash -c 'exec 3<>/dev/tcp/${where}/6379; echo PING >&3; head -n 1 <&3' 2>/dev/null | grep PONG`;

/** What the server at the host's loopback says. */
const fromHost = (where: string) =>
  `timeout 2 bash -c 'cat </dev/tcp/${where}/${host.port}' 2>/dev/null | grep hello; echo over`;

/** What the published port answers, from an address of the host's. */
function ask(from: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect({ host: from, port, localAddress: from });
    socket.on('error', reject);
    socket.on('data', (data) => {
      text += data;
    });
    socket.on('end', () => resolve(text.split('\r\n\r\n')[1] ?? ''));
    socket.write('GET / HTTP/1.0\r\n\r\n');
  });
}

test.before(async () => {
  await pullDebian();
  await podOk(['run', '--rm', IMAGE, 'true']);
  // The network that is always there is made when it is first asked for, and the hub's directory stays.
  await podOk(['run', '--rm', '--network', 'bridge', IMAGE, 'true']);
  await eventually(() => processesOf(sandbox.dir).length === 0);
  before = traces(isData);
  port = await freePort();
  mkdirSync(join(sandbox.work, 'site'));
  writeFileSync(join(sandbox.work, 'site/index.html'), 'the shop\n');
  const server = createServer((socket) => socket.on('error', () => {}).end('hello from the host\n'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  host = { server, port: (server.address() as AddressInfo).port };
});

test.after(() => {
  host.server.close();
});

test('a web server and redis in one network', async () => {
  assert.equal(await pod(['network', 'create', '--label', 'of=shop', '--ipv6', 'shop']), ended(0, 'shop\n'));
  const web = ['--network-alias', 'www', '-p', `${port}:80`, '-v', `${sandbox.work}/site:/var/www/html:ro`];
  await detached('db', ['--network', 'shop', '--network-alias', 'store', '-v', 'stock:/data'], REDIS);
  await detached('web', ['--network', 'shop', ...web], NGINX);
  await eventually(async () => (await inside('db', 'redis-cli ping')) === 'PONG');
  assert.is(await podOk(['port', 'web']), `80/tcp -> 0.0.0.0:${port}`);
});

test('a client finds both by name, alias and id', async () => {
  const visits = ['db', 'store', ids[0]!.slice(0, 12)].map((name) => `redis-cli -h ${name} incr visits`);
  const pages = ['web', 'www', 'WEB'].map((name) => `(${page(name)})`);
  const found = await runIn(['shop'], [...visits, ...pages].join('; '));
  assert.equal(found, ended(0, '1\n2\n3\nthe shop\nthe shop\nthe shop\n'));
  assert.is(
    await inside('web', `exec 3<>/dev/tcp/store/6379; printf 'GET visits\\r\\n' >&3; head -n 2 <&3`),
    '$1\r\n3\r',
  );
});

test('they have IPv6 in it too', async () => {
  const address = await addressOf('db', 'shop', 'GlobalIPv6Address');
  assert.match(address, /^fd[0-9a-f:]+$/);
  const script = `getent ahostsv6 db | head -n 1 | cut -d " " -f 1; redis-cli -h ${address} get visits`;
  assert.equal(await runIn(['shop'], script), ended(0, `${address}\n3\n`));
});

test('the published port answers from the host, and the server sees who asks', async () => {
  const own = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  const outer = own.find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
  for (const from of ['127.0.0.1', ...(outer === undefined ? [] : [outer])]) {
    await eventually(async () => (await ask(from)) === 'the shop\n');
    const seen = await inside('web', 'tail -n 1 /var/log/nginx/access.log | cut -d " " -f 1');
    if (from === outer) assert.is(seen, outer);
  }
});

test('another network sees none of them, by name or address', async () => {
  await podOk(['network', 'create', 'office']);
  const db = await addressOf('db', 'shop');
  const names = 'for name in db store web www; do getent ahosts $name; done';
  const ran = await runIn(['office'], `${names}; ${greets(db)}; echo over`);
  assert.equal(ran, ended(0, 'over\n'));
});

test('what is not published is out of reach of the host', async () => {
  const db = await addressOf('db', 'shop');
  assert.is((await command(['bash', '-c', greets(db)])).stdout, '');
});

test('redis leaves, and comes back with another address and its data', async () => {
  const first = await addressOf('db', 'shop');
  assert.equal(await pod(['network', 'disconnect', 'shop', 'db']), ended(0));
  await eventually(async () => (await inside('web', 'getent ahosts db store; true')) === '');
  assert.equal(
    await runIn(['shop'], `hostname -I | grep -q '${first} ' && echo taken`, '--ip', first),
    ended(0, 'taken\n'),
  );
  await detached('till', ['--network', `shop:ip=${first}`], ['sleep', 'infinity']);
  assert.equal(await pod(['network', 'connect', '--alias', 'store', 'shop', 'db']), ended(0));
  const second = await addressOf('db', 'shop');
  assert.is.not(second, first);
  assert.is(await inside('web', 'getent ahostsv4 store | head -n 1 | cut -d " " -f 1'), second);
  assert.equal(await runIn(['shop'], 'redis-cli -h store get visits'), ended(0, '3\n'));

  assert.equal(await pod(['rm', '-f', '-t', '5', 'db']), ended(0, 'db\n'));
  await eventually(async () => (await inside('web', 'getent ahosts db; true')) === '');
  await detached('db', ['--network', `shop:ip=${second.replace(/\d+$/, '200')}`, '-v', 'stock:/data'], REDIS);
  await eventually(async () => (await runIn(['shop'], 'redis-cli -h db get visits')).stdout === '3\n');
});

test('a container in two networks knows the members of both, and is no way from one to the other', async () => {
  await podOk(['network', 'create', '--internal', 'vault']);
  await detached('clerk', ['--network', 'office', '--network', 'vault:alias=guard'], ['sleep', 'infinity']);
  await detached('safe', ['--network', 'vault', '-v', '/data'], REDIS);
  await podOk(['network', 'connect', 'shop', 'clerk']);
  await eventually(async () => (await inside('clerk', 'redis-cli -h safe ping')) === 'PONG');
  assert.is(await inside('clerk', page('web')), 'the shop');
  assert.is(await inside('clerk', 'ls /sys/class/net | grep -c eth'), '3');
  const clerk = await addressOf('clerk', 'vault');
  const db = await addressOf('db', 'shop');
  const script = `ip route replace ${db} via ${clerk}; ${greets(db)}; getent hosts guard >/dev/null && echo guard`;
  assert.equal(await runIn(['vault'], script, '--cap-add', 'NET_ADMIN'), ended(0, 'guard\n'));
  await podOk(['network', 'disconnect', 'office', 'clerk']);
  assert.is(await inside('clerk', 'ls /sys/class/net | grep -c eth'), '2');
  assert.is(await inside('clerk', page('web')), 'the shop');
});

test('an internal network has no way out', async () => {
  const ran = await runIn(['vault'], `ip -4 route | grep default; ${fromHost('10.0.2.2')}`);
  assert.equal(ran, ended(0, 'over\n'));
});

test("a server at the host's loopback is reached only from a network that allows it", async () => {
  const all = ['10.0.2.2', 'host.containers.internal', '127.0.0.1'].map((where) => `(${fromHost(where)}) &`);
  const shop = await runIn(['shop'], `${all.join(' ')} wait`);
  assert.equal(shop, ended(0, 'over\nover\nover\n'));
  await podOk(['network', 'create', '-o', 'allow_host_loopback=true', 'home']);
  const names = ['host.containers.internal', 'host.docker.internal'].map(fromHost).join('; ');
  assert.equal(await runIn(['home'], names), ended(0, 'hello from the host\nover\n'.repeat(2)));
  assert.equal(await pod(['network', 'rm', 'home']), ended(0, 'home\n'));
});

test('events told of it', async () => {
  const format = '{{.Type}} {{.Action}} {{.Actor.Attributes.name}}';
  const events = (
    await podOk(['events', '--since', '10m', '--until', '0s', '--filter', 'type=network', '--format', format])
  ).split('\n');
  for (const what of ['create shop', 'create home', 'destroy home', 'connect shop', 'disconnect shop'])
    assert.ok(events.includes(`network ${what}`), `no ${what} in:\n${events.join('\n')}`);
});

test('rm: nothing is left', async () => {
  await podOk(['rm', '-f', '-v', '-t', '0', 'web', 'db', 'till', 'clerk', 'safe']);
  assert.equal(await pod(['network', 'prune', '-f']), ended(0, 'Deleted Networks:\noffice\nshop\nvault\n\n'));
  await eventually(() => {
    assert.equal(traces(isData), before);
    return true;
  });
  assert.equal(cgroupsOf(ids), []);
  assert.is(await ask('127.0.0.1').catch((error) => error.code), 'ECONNREFUSED');
});

test.run();
