/** --network pasta: the host's addresses or others, published ports with the client's address, and its end. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import * as assert from 'uvu/assert';
import { routedAddress } from '../../netns/host-address.ts';
import { eventually, PYTHON, pod, podOk, skip, test } from './harness/index.ts';
import { freePort } from './registry/free-port.ts';

const IMAGE = 'builtin:busybox';
/** Addresses that are not the host's: so even the host's own are clients like others. */
const APART = 'pasta:-4,-a,10.0.2.100,-n,24,-g,10.0.2.2,-I,tap0';

if (!existsSync('/usr/bin/pasta')) {
  test('pasta', () => skip('the package passt is not installed'));
} else {
  const sh = (script: string, ...flags: string[]): Promise<string> =>
    podOk(['run', '--rm', ...flags, IMAGE, 'sh', '-c', script]);

  const own = (): string => routedAddress() ?? skip('the host has no way out that pasta could copy');

  function ask(port: number, host = '127.0.0.1'): Promise<string | undefined> {
    return new Promise((resolve) => {
      let text = '';
      const socket = connect({ port, host, timeout: 3000 }, () => socket.write('who?'));
      socket.on('data', (chunk) => {
        text += chunk;
      });
      socket.on('timeout', () => socket.destroy());
      socket.on('error', () => resolve(undefined));
      socket.on('close', () => resolve(text || undefined));
    });
  }

  /** Says to each client of TCP port 80 and UDP port 80 who that is. */
  const WHO = `
import socket, threading
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
u.bind(('0.0.0.0', 80))
def answer():
    while True:
        m, who = u.recvfrom(100)
        u.sendto(who[0].encode(), who)
threading.Thread(target=answer, daemon=True).start()
t = socket.create_server(('::', 80), family=socket.AF_INET6, dualstack_ipv6=True)
while True:
    c, who = t.accept()
    c.recv(10)
    c.sendall(who[0].replace('::ffff:', '').encode())
    c.close()`;
  const serve = (...flags: string[]): Promise<string> =>
    podOk(['run', '-d', '--rm', ...flags, ...PYTHON, IMAGE, '/usr/bin/python3', '-c', WHO]);

  /** The process that is pasta for a container: a child of its monitor. */
  async function helperOf(id: string): Promise<{ helper: number; monitor: number }> {
    const monitor = Number(await podOk(['inspect', '--format', '{{.State.ConmonPid}}', id]));
    const helper = readFileSync(`/proc/${monitor}/task/${monitor}/children`, 'utf8')
      .trim()
      .split(' ')
      .map(Number)
      .find((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('pas')); // pasta, or passt.avx2
    return { helper: helper ?? 0, monitor };
  }

  test('a container that shares the ipc namespace of another has a network by pasta', async () => {
    await podOk(['run', '-d', '--name', 'shares', '--network', 'none', IMAGE, 'sleep', '1000']);
    const joined = ['--ipc', 'container:shares', '--network', APART];
    assert.match(await sh('ip -o -4 addr show tap0', ...joined), / 10\.0\.2\.100\/24 /);
    await podOk(['rm', '-f', '-t', '0', 'shares']);
  });

  test("by default it has the host's own address and a way out", async () => {
    const address = own();
    const text = await sh('ip -4 addr show; ip route; cat /etc/hosts', '--network', 'pasta');
    assert.match(text, /lo: <LOOPBACK,UP/);
    assert.ok(text.includes(`inet ${address}/`), text);
    assert.match(text, /default via /);
    assert.match(text, new RegExp(`^${address}\t[0-9a-f]{12} `, 'm'));
  });

  test('its options are passed on', async () => {
    own();
    const text = await sh('ip addr show tap0', '--network', `${APART},-m,1400`);
    assert.match(text, /mtu 1400/);
    assert.match(text, /inet 10\.0\.2\.100\/24/);
    assert.not.match(text, /inet6 (?!fe80)/);
  });

  test("the host's loopback is out of reach unless the gateway is to be it", async () => {
    own();
    const server = createServer((socket) => socket.on('error', () => {}).end('hello from the host\n'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const script = `timeout 5 nc 10.0.2.2 ${port} </dev/null | head -n 1`; // the end of a connection may be lost, and what was said be said again
    assert.is((await pod(['run', '--rm', '--network', APART, IMAGE, 'sh', '-c', script])).stdout, '');
    assert.is(await sh(script, '--network', `${APART},--map-gw`), 'hello from the host');
    server.close();
  });

  test("a published port shows the client's address, by TCP and UDP", async () => {
    const address = own();
    const port = await freePort();
    const id = await serve('--network', APART, '-p', `${port}:80`, '-p', `${port}:80/udp`);
    assert.is(await eventually(() => ask(port, address)), address);
    const socket = createSocket('udp4');
    const heard = once(socket, 'message', { signal: AbortSignal.timeout(5000) });
    socket.send('hello', port, address);
    assert.is(String((await heard)[0]), address);
    socket.close();
    assert.is(await ask(port), '127.0.0.1');
    assert.is(await podOk(['port', id, '80/udp']), `0.0.0.0:${port}`);
    await podOk(['rm', '-f', id]);
    assert.is(await ask(port), undefined);
  });

  test('IPv6 addresses of the host publish too', async () => {
    own();
    const loopback = Object.values(networkInterfaces()).flat();
    if (!loopback.some((one) => one?.address === '::1')) skip('the host has no IPv6');
    const port = await freePort();
    const id = await serve('--network', 'pasta', '-p', `[::1]:${port}:80`);
    assert.is(await eventually(() => ask(port, '::1')), '::1');
    assert.is(await ask(port), undefined);
    assert.is(await podOk(['port', id]), `80/tcp -> [::1]:${port}`);
    await podOk(['rm', '-f', id]);
  });

  test("it works in a user namespace that maps the user, or doesn't", async () => {
    const address = own();
    for (const flags of [
      ['--userns', 'keep-id'],
      ['--uidmap', '0:5000:1000'],
      ['--user', '1000:1000'],
    ])
      assert.match(
        await sh('ip -4 addr show', '--network', 'pasta', ...flags),
        new RegExp(`inet ${address}/`),
      );
  });

  test('it ends with its container, however that ends', async () => {
    own();
    const flags = ['run', '-d', '--network', 'pasta', IMAGE, 'sleep', '100'];
    const id = await podOk(flags);
    const first = await helperOf(id);
    assert.ok(existsSync(`/proc/${first.helper}/stat`));
    await podOk(['kill', '--signal', 'KILL', id]);
    await eventually(() => !existsSync(`/proc/${first.helper}`));
    const other = await podOk(flags);
    const second = await helperOf(other);
    assert.ok(existsSync(`/proc/${second.helper}/stat`));
    process.kill(second.monitor, 'SIGKILL');
    await eventually(() => !existsSync(`/proc/${second.helper}`));
    await podOk(['rm', '-f', id, other]);
  });

  test('what it does not take is told, and nothing stays', async () => {
    own();
    const before = await podOk(['ps', '-aq']);
    const wrong = await pod(['run', '--rm', '--network', 'pasta:-t,nonsense', IMAGE, 'true']);
    assert.is(wrong.code, 125);
    assert.is(
      wrong.stderr,
      'Error: cannot set up the network: /usr/bin/pasta failed: Invalid port specifier nonsense\nrun `tsc-pod doctor`, or start with --network none or --network host\n',
    );
    const command = await pod(['run', '--rm', '--network', 'pasta:sh', IMAGE, 'true']);
    assert.is(command.code, 125);
    assert.match(command.stderr, /^Error: cannot use --network pasta:sh: sh is no option of pasta's\n/);
    assert.is(await podOk(['ps', '-aq']), before);
  });
}

test.run();
