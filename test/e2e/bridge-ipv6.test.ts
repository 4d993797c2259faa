/** The way out of a bridge network by IPv6: what is reached, by whom, and what a hostile member can't have of it. */
import * as assert from 'uvu/assert';
import { filesOfHub, GET, IMAGE, serve, sh } from './bridge-lab.ts';
import { eventually, greet, greeted, PYTHON, pod, podOk, skip, test } from './harness/index.ts';

const HELLO = 'hello from the host';
const MEMBERS = 30; // libslirp remembers 16 neighbours

let port = 0;
/** What the server at the host's ::1 says; libslirp has it at each address of its own network that it doesn't use itself. */
const greeting = (seconds: number, host = 'fd00::2'): string => `nc -w ${seconds} ${host} ${port} </dev/null`;
const address6 = (name: string): Promise<string> =>
  podOk(['inspect', '-f', '{{.NetworkSettings.Networks.open.GlobalIPv6Address}}', name]);
const exec = async (name: string, script: string): Promise<string> =>
  (await pod(['exec', name, 'sh', '-c', script])).stdout.trim();

test('a member reaches a server by IPv6, and the host at its loopback only where that is allowed', async () => {
  port = await greet('::1').catch(() => skip('the host has no IPv6'));
  await podOk(['network', 'create', '--ipv6', '-o', 'allow_host_loopback=true', 'open']);
  await podOk(['network', 'create', '--ipv6', 'shut']);
  for (const host of ['fd00::2', 'fd00::99'])
    assert.is(await sh(greeting(5, host), '--network', 'open'), HELLO, host);
  const before = greeted(port);
  for (const host of ['fd00::2', 'fd00::99'])
    assert.is(await sh(`${greeting(1, host)}; true`, '--network', 'shut'), '', host);
  assert.is(greeted(port), before);
});

test('thirty at once reach it, again and again, by IPv4 too', async () => {
  const port4 = await greet('127.0.0.1');
  for (const server of [`fd00::2 ${port}`, `10.0.2.2 ${port4}`]) {
    // libslirp says again after 6 s what was lost: nothing is.
    const script = `for i in 1 2 3 4 5; do nc -w 5 ${server} </dev/null; done`;
    const said = await Promise.all(Array.from({ length: MEMBERS }, () => sh(script, '--network', 'open')));
    assert.equal(new Set(said), new Set([Array(5).fill(HELLO).join('\n')]), server);
  }
});

test('who comes into such a network while it runs gets out by it, and no more when it has left', async () => {
  await podOk(['network', 'create', 'four']);
  await podOk(['run', '-d', '--rm', '--name', 'guest', '--network', 'four', IMAGE, 'sleep', '999']);
  const reach = 'ip -6 route get fd00::2 2>&1 | grep -o "via\\|nreachable"';
  for (let i = 0; i < 2; i++) {
    assert.is(await exec('guest', reach), 'nreachable');
    await podOk(['network', 'connect', 'open', 'guest']);
    assert.is(await exec('guest', reach), 'via');
    assert.is(await exec('guest', greeting(5)), HELLO);
    await podOk(['network', 'disconnect', 'open', 'guest']);
  }
  await podOk(['rm', '-f', 'guest']);
});

test("no answer comes to a member that has taken another's address, and the other keeps it", async () => {
  await serve('web', '--network', 'open');
  const bad = ['--cap-add', 'NET_ADMIN,NET_RAW', '--network', 'open', ...PYTHON];
  await podOk(['run', '-d', '--rm', '--name', 'bad', ...bad, IMAGE, 'sleep', '999']);
  const [web, own] = [await address6('web'), await address6('bad')];
  await exec('bad', `ip addr add ${web}/128 dev eth0`);
  const from = (address: string, seconds: number): string =>
    `/usr/bin/python3 -c "import socket; print(socket.create_connection(('fd00::2', ${port}), ${seconds}, ('${address}', 0)).recv(99).decode())"`;
  assert.is(await exec('bad', from(own, 5)), HELLO);
  const before = greeted(port);
  assert.is(await exec('bad', from(web, 2)), '');
  assert.is(greeted(port), before);
  assert.is(await exec('web', greeting(5)), HELLO);
  await exec('bad', `ip addr del ${web}/128 dev eth0`);
  assert.is(await exec('bad', GET(`[${web}]`)), 'web');
});

test("the host's loopback isn't reached as an IPv4 address within an IPv6 one, which libslirp would connect to", async () => {
  const four = await greet('127.0.0.1');
  const script = String.raw`
import socket, struct, sys
def half(b): return sum(struct.unpack('!%dH' % (len(b) // 2), b))
def syn(source, to):
    tcp = struct.pack('!HHIIBBHHH', 40000, ${four}, 1, 0, 80, 2, 60000, 0, 0)
    n = half(source + to + tcp) + len(tcp) + 6
    while n >> 16: n = (n & 0xffff) + (n >> 16)
    tcp = tcp[:16] + struct.pack('!H', n ^ 0xffff) + tcp[18:]
    return struct.pack('!IHBB', 6 << 28, 20, 6, 64) + source + to + tcp
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x86dd))
s.bind(('eth0', 0))
s.settimeout(5)
own, router = bytes.fromhex(sys.argv[1].replace(':', '')), bytes.fromhex(sys.argv[2].replace(':', ''))
source = socket.inet_pton(socket.AF_INET6, sys.argv[3])
for text in ['::ffff:127.0.0.1', '::127.0.0.1', '::']:
    to = socket.inet_pton(socket.AF_INET6, text)
    s.send(router + own + b'\x86\xdd' + syn(source, to))
    while True:
        got = s.recv(2000)
        if got[:6] != own: continue
        if got[20] == 58 and got[54] == 1 and got[86:102] == to: print('unreachable'); break
        if got[20] == 6 and got[22:38] == to: print('answered'); break
`;
  const own = await exec('bad', 'cat /sys/class/net/eth0/address');
  const gateway = await exec('bad', 'ip -6 route | sed -n "s/default via \\([^ ]*\\).*/\\1/p"');
  await exec('bad', `ping -6 -c 1 -W 2 ${gateway}`);
  const router = await exec('bad', `ip -6 neigh show ${gateway} | sed "s/.*lladdr \\([0-9a-f:]*\\).*/\\1/"`);
  const ran = await pod([
    'exec',
    'bad',
    '/usr/bin/python3',
    '-c',
    script,
    own,
    router,
    await address6('bad'),
  ]);
  assert.is(ran.stdout, 'unreachable\nunreachable\nunreachable\n', ran.stderr);
});

test('nothing is left', async () => {
  await podOk(['rm', '-f', '-t', '0', 'web', 'bad']);
  await eventually(() => !filesOfHub().includes('socket'));
  await podOk(['network', 'rm', 'open', 'shut', 'four']);
});

test.run();
