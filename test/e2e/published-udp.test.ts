/** What a published UDP port is to the container and to its clients, in every network that the launcher forwards into. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import * as assert from 'uvu/assert';
import { eventually, PYTHON, pod, podOk, skip, test } from './harness/index.ts';
import { freePort } from './registry/free-port.ts';

const IMAGE = 'builtin:busybox';

const own = Object.values(networkInterfaces()).flat();
const addressOf = (family: string): string | undefined =>
  own.find((one) => one?.family === family && !one.internal && !one.address.startsWith('fe80'))?.address;
const hasLoopback6 = own.some((one) => one?.address === '::1');

async function client(host: string, port = 0): Promise<Socket> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  socket.bind(port);
  await once(socket, 'listening');
  return socket;
}

/** What comes back, and from where; undefined where nothing does in the time. */
async function heard(socket: Socket, ms: number): Promise<{ text: string; from: string } | undefined> {
  try {
    const [text, { address, port }] = await once(socket, 'message', { signal: AbortSignal.timeout(ms) });
    return { text: String(text), from: `${address} ${port}` };
  } catch {
    return undefined;
  }
}

/** The answer; undefined unless it comes from the very address that was asked. */
async function ask(port: number, host: string, text = 'hello', ms = 500): Promise<string | undefined> {
  const socket = await client(host);
  try {
    const answer = heard(socket, ms);
    socket.send(text, port, host);
    const found = await answer;
    return found?.from === `${host} ${port}` ? found.text : undefined;
  } finally {
    socket.close();
  }
}

/** Answers with who asks; `late` after a second; `size N` with N bytes. */
const SERVER = `
import socket, sys, time
six = len(sys.argv) > 1
s = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('::' if six else '0.0.0.0', 53))
while True:
    m, who = s.recvfrom(70000)
    if m == b'late': time.sleep(1)
    if m.startswith(b'size '): s.sendto(b'x' * int(m[5:]), who)
    elif len(m) > 100: s.sendto(str(len(m)).encode(), who)
    else: s.sendto(('%s %d %s' % (who[0], who[1], m.decode())).encode(), who)`;

const RUN = (...flags: string[]): string[] => ['run', '-d', ...flags, ...PYTHON, IMAGE];
const serve = (...flags: string[]): Promise<string> =>
  podOk([...RUN(...flags), '/usr/bin/python3', '-c', SERVER]);
const remove = (id: string): Promise<string> => podOk(['rm', '-f', '-t', '0', id]);
/** Who asks, without the port. */
const asker = (answer: string | undefined): string | undefined => answer?.split(' ')[0];

const NETWORKS: [network: string, gateway: string][] = [
  ['slirp4netns', '10.0.2.2'],
  ['slirp4netns:cidr=10.0.9.0/24,port_handler=slirp4netns', '10.0.9.2'],
  ['bridge', ''],
];

for (const [network, gateway] of NETWORKS)
  test(`${network}: the container sees the client's address, and answers by the one that was asked`, async () => {
    const port = await freePort();
    const six = hasLoopback6 ? ['-p', `[::]:${port}:53/udp`] : [];
    const id = await serve('--network', network, '-p', `${port}:53/udp`, ...six);
    const local =
      gateway ||
      (await podOk(['network', 'inspect', '--format', '{{(index .IPAM.Config 0).Gateway}}', 'bridge']));
    assert.is(asker(await eventually(() => ask(port, '127.0.0.1'))), local);
    assert.is(asker(await ask(port, '127.0.0.7')), local);
    const four = addressOf('IPv4');
    if (four) assert.is(asker(await ask(port, four)), four);
    if (hasLoopback6) assert.is(asker(await ask(port, '::1')), local);
    assert.is(
      await podOk(['port', id]),
      `53/udp -> 0.0.0.0:${port}${hasLoopback6 ? `\n53/udp -> [::]:${port}` : ''}`,
    );
    const [{ NetworkSettings }] = JSON.parse(await podOk(['inspect', id]));
    assert.equal(NetworkSettings.Ports['53/udp'][0], { HostIp: '0.0.0.0', HostPort: String(port) });
    await remove(id);
    assert.is(await ask(port, '127.0.0.1', 'x', 50), undefined);
  });

test('an IPv6 address alone: there it answers, is shown, and is refused to others by name', async () => {
  if (!hasLoopback6) skip('the host has no IPv6');
  const port = await freePort();
  const id = await serve('--name', 'six', '-p', `[::1]:${port}:53/udp`);
  assert.is(asker(await eventually(() => ask(port, '::1'))), '10.0.2.2');
  assert.is(await ask(port, '127.0.0.1', 'x', 50), undefined);
  assert.is(await podOk(['port', id, '53/udp']), `[::1]:${port}`);
  assert.is(await podOk(['ps', '--filter', `id=${id}`, '--format', '{{.Ports}}']), `[::1]:${port}->53/udp`);
  for (const host of ['[::1]', '[::]']) {
    const second = await pod(['run', '--rm', '-p', `${host}:${port}:53/udp`, IMAGE, 'true']);
    assert.equal(
      [second.code, second.stderr.split('\n')[0]],
      [125, `Error: cannot publish ${host}:${port}/udp: address already in use by the container six`],
    );
  }
  assert.is((await pod(['run', '--rm', '-p', `127.0.0.1:${port}:53/udp`, IMAGE, 'true'])).code, 0);
  assert.is((await pod(['run', '--rm', '-p', `[::1]:${port}:53`, IMAGE, 'true'])).code, 0);
  await remove(id);
});

test('IPv6 clients keep their address where the network has IPv6', async () => {
  const six = addressOf('IPv6') ?? skip('the host has no IPv6 address');
  await podOk(['network', 'create', '--ipv6', 'udp-six']);
  const port = await freePort();
  const id = await podOk([
    ...RUN('--network', 'udp-six', '-p', `[::]:${port}:53/udp`),
    ...['/usr/bin/python3', '-c', SERVER, 'six'],
  ]);
  assert.is(asker(await eventually(() => ask(port, six))), six);
  const gateway = await podOk([
    'network',
    'inspect',
    '--format',
    '{{(index .IPAM.Config 1).Gateway}}',
    'udp-six',
  ]);
  assert.is(asker(await ask(port, '::1')), gateway);
  await remove(id);
  await podOk(['network', 'rm', 'udp-six']);
});

test('many clients at once: each gets its own answer, also late, and of any size', async () => {
  const port = await freePort();
  const id = await serve('-p', `${port}:53/udp`);
  await eventually(() => ask(port, '127.0.0.1'));
  const host = addressOf('IPv4') ?? '127.0.0.1';
  const texts = Array.from({ length: 60 }, (_, i) => `client ${i}`);
  const answers = await Promise.all(texts.map((text) => eventually(() => ask(port, host, text, 3000))));
  assert.equal(
    answers.map((answer) => answer?.replace(/^\S+ \d+ /, '')),
    texts,
  );
  assert.is(new Set(answers.map((answer) => answer?.split(' ')[1])).size, 60);
  assert.match((await ask(port, host, 'late', 5000)) ?? '', / late$/);
  assert.is(await ask(port, host, 'x'.repeat(65507), 5000), '65507');
  assert.is((await ask(port, host, 'size 65507', 5000))?.length, 65507);
  assert.is(await ask(port, host, 'size 0', 5000), '');
  await remove(id);
});

test("a server that starts late, and again, has its port whatever its clients' ports are", async () => {
  const port = await freePort();
  const inside = await freePort();
  const id = await podOk(RUN('-p', `${port}:${inside}/udp`, '--name', 'late').concat('sleep', '1000'));
  const server = SERVER.replace(', 53)', `, ${inside})`);
  // The client has the very port that the server wants to be at.
  const host = addressOf('IPv4') ?? '127.0.0.1';
  const socket = await client(host, inside);
  const asked = async (): Promise<string | undefined> => {
    const answer = heard(socket, 300);
    socket.send('hello', port, host);
    return (await answer)?.text;
  };
  assert.is(await asked(), undefined);
  for (let round = 0; round < 2; round++) {
    await podOk(['exec', '-d', id, '/usr/bin/python3', '-c', server]);
    assert.match((await eventually(asked)) ?? '', new RegExp(` ${inside} hello$`));
    await podOk(['exec', id, 'pkill', 'python3']);
    await eventually(async () => (await asked()) === undefined);
  }
  socket.close();
  await remove(id);
});

test('a container that comes back with another address is still behind its port', async () => {
  await podOk(['network', 'create', 'udp-a']);
  const port = await freePort();
  const id = await serve('--network', 'udp-a', '--name', 'udp-mover', '-p', `127.0.0.1:${port}:53/udp`);
  const first = asker(await eventually(() => ask(port, '127.0.0.1')))!;
  await podOk(['network', 'disconnect', 'udp-a', 'udp-mover']);
  await podOk(['network', 'connect', '--ip', first.replace(/\.1$/, '.77'), 'udp-a', 'udp-mover']);
  assert.is(asker(await eventually(() => ask(port, '127.0.0.1'))), first);
  await remove(id);
  await podOk(['network', 'rm', 'udp-a']);
});

/** Writes answers to nobody's question into the device, and sends such from the published port. */
const FORGE = `
import socket, struct, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('0.0.0.0', 53))
m, who = s.recvfrom(100)
def packet(to, port):
    b = b'forged'
    udp = struct.pack('!HHHH', 53, port, 8 + len(b), 0) + b
    head = bytearray(struct.pack('!BBHHHBBH', 69, 0, 20 + len(udp), 0, 0, 64, 17, 0) + socket.inet_aton(me) + socket.inet_aton(to))
    n = sum(struct.unpack('!10H', head))
    n = (n >> 16) + (n & 65535)
    head[10:12] = struct.pack('!H', 65535 - (n + (n >> 16)))
    return bytes(head) + udp
c = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
c.connect(who)
me = c.getsockname()[0]
raw = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0x800)
port = int(sys.argv[1])
for to in '127.0.0.1', '10.0.2.2', sys.argv[2], who[0]:
    raw.sendto(packet(to, port), ('tsc-udp', 0x800))
for to in '10.0.2.2', who[0]:
    try: s.sendto(b'forged', (to, port))
    except OSError: pass
s.sendto(b'end', who)`;

test('only who has asked is answered: no other port of the host is in reach of a container, whatever rights it has', async () => {
  const port = await freePort();
  const other = await client('0.0.0.0');
  const found: string[] = [];
  other.on('message', (text) => found.push(String(text)));
  const host = addressOf('IPv4') ?? '127.0.0.1';
  const id = await podOk([
    ...RUN('-p', `${port}:53/udp`, '--cap-add', 'NET_ADMIN', '--cap-add', 'NET_RAW'),
    ...['/usr/bin/python3', '-c', FORGE, String(other.address().port), host],
  ]);
  assert.is(await eventually(() => ask(port, '127.0.0.1')), 'end');
  assert.equal(found, []);
  other.close();
  await remove(id);
});

/** Who is no client hears from the port as before there was any: it goes out as all else. */
test('what a published port sends to others goes out by the network', async () => {
  const host = addressOf('IPv4') ?? skip('the host has no address but its loopback');
  const port = await freePort();
  const other = await client('0.0.0.0');
  const answer = heard(other, 10_000);
  const script = `
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('0.0.0.0', 53))
for i in range(100):
    s.sendto(b'outward', ('${host}', ${other.address().port}))
    time.sleep(0.1)`;
  const id = await podOk([...RUN('-p', `127.0.0.1:${port}:53/udp`), '/usr/bin/python3', '-c', script]);
  assert.is((await answer)?.text, 'outward');
  other.close();
  await remove(id);
});

test.run();
