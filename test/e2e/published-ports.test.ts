/** What a published TCP port is to the container and to the client, in every network that the launcher forwards into. */
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import * as assert from 'uvu/assert';
import { eventually, PYTHON, pod, podOk, skip, test } from './harness/index.ts';
import { freePort } from './registry/free-port.ts';

const IMAGE = 'builtin:busybox';

const own = Object.values(networkInterfaces()).flat();
const addressOf = (family: string): string | undefined =>
  own.find((one) => one?.family === family && !one.internal && !one.address.startsWith('fe80'))?.address;

/** What comes until the other side ends; undefined where nobody listens. `send` goes first, and is the end of what is sent. */
function ask(port: number, host: string, send?: string | Buffer): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ port, host, timeout: 5000, allowHalfOpen: true }, () => {
      if (send !== undefined) socket.end(send);
    });
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('end', () => socket.end());
    socket.on('timeout', () => socket.destroy());
    socket.on('error', () => resolve(undefined));
    socket.on('close', () => resolve(text || undefined));
  });
}

/** Port 80 greets who connects by its address; 81 says how much came until the end; 82 sends 8 MB and resets. */
const SERVER = `
import socket, struct, threading
def serve(port, work):
    s = socket.create_server(('0.0.0.0', port), backlog=128)
    while True:
        c, who = s.accept()
        threading.Thread(target=work, args=(c, who)).start()
def greet(c, who):
    c.sendall(who[0].encode())
    c.close()
def count(c, who):
    n = 0
    while True:
        b = c.recv(65536)
        if not b: break
        n += len(b)
    c.sendall(str(n).encode())
    c.close()
def reset(c, who):
    c.recv(1)
    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    c.close()
for port, work in (80, greet), (81, count), (82, reset):
    threading.Thread(target=serve, args=(port, work)).start()`;
const serve = (...flags: string[]): Promise<string> =>
  podOk(['run', '-d', ...flags, ...PYTHON, IMAGE, '/usr/bin/python3', '-c', SERVER]);

/** The process that forwards for a container: a child of its monitor. */
async function forwarderOf(id: string): Promise<{ forwarder: number; monitor: number }> {
  const monitor = Number(await podOk(['inspect', '--format', '{{.State.ConmonPid}}', id]));
  const children = readFileSync(`/proc/${monitor}/task/${monitor}/children`, 'utf8').trim().split(' ');
  const forwarder = children.find((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8') === 'tsc-pod ports\n');
  return { forwarder: Number(forwarder ?? 0), monitor };
}

const NETWORKS: [network: string, gateway: string][] = [
  ['slirp4netns', '10.0.2.2'],
  ['slirp4netns:cidr=10.0.9.0/24', '10.0.9.2'],
  ['bridge', ''],
];

for (const [network, gateway] of NETWORKS)
  test(`${network}: the container sees the client's address, also where the server speaks first`, async () => {
    const port = await freePort();
    const id = await serve('--network', network, '-p', `${port}:80`, '-p', `[::]:${port}:80`);
    const local =
      gateway ||
      (await podOk(['network', 'inspect', '--format', '{{(index .IPAM.Config 0).Gateway}}', 'bridge']));
    assert.is(await eventually(() => ask(port, '127.0.0.1')), local);
    const four = addressOf('IPv4');
    if (four) assert.is(await ask(port, four), four);
    if (own.some((one) => one?.address === '::1')) assert.is(await ask(port, '::1'), local);
    assert.is(await podOk(['port', id]), `80/tcp -> 0.0.0.0:${port}\n80/tcp -> [::]:${port}`);
    await podOk(['rm', '-f', '-t', '0', id]);
    assert.is(await ask(port, '127.0.0.1'), undefined);
  });

test('IPv6 clients keep their address where the network has IPv6', async () => {
  const six = addressOf('IPv6') ?? skip('the host has no IPv6 address');
  await podOk(['network', 'create', '--ipv6', 'ports-six']);
  const port = await freePort();
  const id = await podOk([
    ...['run', '-d', '--network', 'ports-six', '-p', `[::]:${port}:80`, ...PYTHON, IMAGE],
    ...[
      '/usr/bin/python3',
      '-c',
      SERVER.replace("(('0.0.0.0', port)", "(('::', port), family=socket.AF_INET6"),
    ],
  ]);
  assert.is(await eventually(() => ask(port, six)), six);
  await podOk(['rm', '-f', '-t', '0', id]);
  await podOk(['network', 'rm', 'ports-six']);
});

test('the end of one side is told to the other, and every byte before it comes', async () => {
  const port = await freePort(2);
  const id = await serve('-p', `127.0.0.1:${port}:81`, '-p', `127.0.0.1:${port + 1}:82`);
  const bytes = Buffer.alloc(8 * 1024 * 1024 + 17, 'x');
  assert.is(await eventually(() => ask(port, '127.0.0.1', bytes)), String(bytes.length));
  assert.is(await ask(port, '127.0.0.1', ''), '0');
  assert.is(await ask(port + 1, '127.0.0.1', 'x'), undefined, 'a reset is one, not an end');
  await podOk(['rm', '-f', '-t', '0', id]);
});

test('many come at once, and a port where nobody listens refuses', async () => {
  const port = await freePort(3);
  const id = await serve('-p', `127.0.0.1:${port}-${port + 1}:80-81`, '-p', `127.0.0.1:${port + 2}:99`);
  assert.is(await eventually(() => ask(port, '127.0.0.1')), '10.0.2.2');
  const before = Date.now();
  const answers = await Promise.all(Array.from({ length: 100 }, () => ask(port, '127.0.0.1')));
  assert.equal(new Set(answers), new Set(['10.0.2.2']));
  assert.ok(Date.now() - before < 15_000, `${Date.now() - before} ms`);
  const asked = Date.now();
  assert.is(await ask(port + 2, '127.0.0.1'), undefined);
  assert.ok(Date.now() - asked < 5000, 'refused, not left waiting');
  await podOk(['rm', '-f', '-t', '0', id]);
});

test('a container that comes back with another address is still behind its port', async () => {
  await podOk(['network', 'create', 'ports-a']);
  const port = await freePort();
  const id = await serve('--network', 'ports-a', '--name', 'mover', '-p', `127.0.0.1:${port}:80`);
  const first = await eventually(() => ask(port, '127.0.0.1'));
  await podOk(['network', 'disconnect', 'ports-a', 'mover']);
  await podOk(['network', 'connect', '--ip', first!.replace(/\.1$/, '.77'), 'ports-a', 'mover']);
  assert.is(await ask(port, '127.0.0.1'), first);
  await podOk(['rm', '-f', '-t', '0', id]);
  await podOk(['network', 'rm', 'ports-a']);
});

test('a container that leaves the network which its port came in by is reached by another, or by none', async () => {
  for (const name of ['ports-a', 'ports-b']) await podOk(['network', 'create', name]);
  const port = await freePort();
  const id = await serve('--network', 'ports-a', '--name', 'leaver', '-p', `127.0.0.1:${port}:80`);
  const first = await eventually(() => ask(port, '127.0.0.1'));
  await podOk(['network', 'connect', 'ports-b', 'leaver']);
  await podOk(['network', 'disconnect', 'ports-a', 'leaver']);
  assert.is(await ask(port, '127.0.0.1'), first);
  await podOk(['network', 'disconnect', 'ports-b', 'leaver']);
  assert.is(await ask(port, '127.0.0.1'), undefined);
  await podOk(['network', 'connect', 'ports-a', 'leaver']);
  assert.is(await ask(port, '127.0.0.1'), first);
  await podOk(['rm', '-f', '-t', '0', id]);
  await podOk(['network', 'rm', 'ports-a', 'ports-b']);
});

test('it forwards to whatever runs after a restart, and ends with the monitor', async () => {
  const port = await freePort();
  const id = await serve('--network', 'bridge', '-p', `127.0.0.1:${port}:80`);
  await eventually(() => ask(port, '127.0.0.1'));
  await podOk(['restart', '-t', '0', id]);
  await eventually(() => ask(port, '127.0.0.1'));
  const { forwarder, monitor } = await forwarderOf(id);
  assert.ok(forwarder > 0);
  const status = readFileSync(`/proc/${forwarder}/status`, 'utf8');
  assert.match(
    status,
    /^CapEff:\t0000000000001000$/m,
    'CAP_NET_ADMIN, in the user namespace of the container',
  );
  process.kill(monitor, 'SIGKILL');
  await eventually(() => !existsSync(`/proc/${forwarder}`));
  assert.is(await ask(port, '127.0.0.1'), undefined);
  await podOk(['rm', '-f', '-t', '0', id]);
});

test('the container finds no way to the host by it: what it marks or routes stays its own', async () => {
  const port = await freePort();
  const server = createServer((socket) => socket.end('host')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const target = (server.address() as AddressInfo).port;
  const ran = await pod([
    ...['run', '--rm', '--cap-add', 'NET_ADMIN', '-p', `127.0.0.1:${port}:80`, ...PYTHON, IMAGE],
    ...['/usr/bin/python3', '-c'],
    `
import socket
for host in '127.0.0.1', '10.0.2.2':
    s = socket.socket()
    s.settimeout(3)
    s.setsockopt(socket.SOL_SOCKET, 36, 0x74736370)
    try:
        s.connect((host, ${target}))
        print(s.recv(10))
    except OSError:
        print('nobody')`,
  ]);
  server.close();
  assert.is(ran.stdout, 'nobody\nnobody\n', ran.stderr);
});

test.run();
