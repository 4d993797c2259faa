/** Published ports: the forms of -p, what is refused, and that nothing stays behind. */
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import * as assert from 'uvu/assert';
import { routedAddress } from '../../netns/host-address.ts';
import { eventually, pod, podOk, sandbox, skip, test } from './harness/index.ts';
import { freePort } from './registry/free-port.ts';

const IMAGE = 'builtin:busybox';

/** What a server sends until it closes; undefined while nobody listens. */
function ask(port: number, host = '127.0.0.1', request = ''): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ port, host, timeout: 20_000 }, () => socket.write(request));
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('timeout', () => socket.destroy());
    socket.on('error', () => resolve(undefined));
    socket.on('close', () => resolve(text || undefined));
  });
}

const fetchName = (port: number, host?: string): Promise<string | undefined> =>
  ask(port, host, 'GET /hostname HTTP/1.0\r\n\r\n');

/** A detached web server that gives its host name; more flags before the image. */
const serve = (flags: string[], script = 'httpd -f -p 80 -h /etc'): Promise<string> =>
  podOk(['run', '-d', '--rm', '--hostname', 'web', ...flags, IMAGE, 'sh', '-c', script]);

const stop = (id: string): Promise<string> => podOk(['rm', '-f', id]);

/** Processes of this test's own that run slirp4netns. */
function helpers(): number[] {
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .filter((pid) => {
      try {
        return (
          readFileSync(`/proc/${pid}/comm`, 'utf8') === 'slirp4netns\n' &&
          readFileSync(`/proc/${pid}/environ`, 'utf8').includes(sandbox.dir)
        );
      } catch {
        return false;
      }
    })
    .map(Number);
}

test('-p HOST:CONTAINER reaches a server, also one that runs as another user at port 80', async () => {
  const port = await freePort();
  const id = await serve(['-p', `${port}:80`, '-u', '65534:65534', '--cap-drop', 'ALL']);
  assert.match((await eventually(() => fetchName(port))) ?? '', /\r\n\r\nweb\n$/);
  assert.match(await podOk(['ps', '--filter', `id=${id}`]), new RegExp(`0\\.0\\.0\\.0:${port}->80/tcp`));
  await stop(id);
  assert.is(await ask(port), undefined);
});

test('-p ADDRESS:HOST:CONTAINER listens at that address alone', async () => {
  const port = await freePort();
  const id = await serve(['-p', `127.0.0.2:${port}:80`]);
  assert.match((await eventually(() => fetchName(port, '127.0.0.2'))) ?? '', /web/);
  assert.is(await ask(port), undefined);
  await stop(id);
});

test('ranges publish each port, a port without a number of the host gets one', async () => {
  const port = await freePort(2);
  const id = await serve(
    ['-p', `127.0.0.1:${port}-${port + 1}:80-81`, '-p', '127.0.0.1::82'],
    'for p in 80 81 82; do httpd -p $p -h /etc; done; sleep 100',
  );
  assert.match((await eventually(() => fetchName(port))) ?? '', /web/);
  assert.match((await eventually(() => fetchName(port + 1))) ?? '', /web/);
  const [{ NetworkSettings }] = JSON.parse(await podOk(['inspect', id]));
  const random = Number(NetworkSettings.Ports['82/tcp'][0].HostPort);
  assert.ok(random > 1023);
  assert.match((await eventually(() => fetchName(random))) ?? '', /web/);
  await stop(id);
});

test('a port that is taken is refused before anything starts, by name of who has it', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const before = await podOk(['ps', '-aq']);
  const ran = await pod(['run', '-d', '-p', `127.0.0.1:${port}:80`, IMAGE, 'true']);
  server.close();
  assert.is(ran.code, 125);
  assert.is(ran.stdout, '');
  assert.match(
    ran.stderr,
    new RegExp(
      `cannot publish 127\\.0\\.0\\.1:${port}/tcp: address already in use by .*\\(pid ${process.pid}\\)`,
    ),
  );
  assert.is(await podOk(['ps', '-aq']), before);
});

test("the port of one container is refused to another by that one's name, and free again after it", async () => {
  const port = await freePort();
  const networks = [
    'slirp4netns',
    'bridge',
    ...(existsSync('/usr/bin/pasta') && routedAddress() ? ['pasta'] : []),
  ];
  for (const network of networks) {
    const id = await serve(['--name', 'first', '--network', network, '-p', `127.0.0.1:${port}:80`]);
    await podOk(['create', '--name', 'third', '--network', network, '-p', `${port}:80`, IMAGE, 'true']);
    for (const args of [
      ['run', '--rm', '-p', `${port}:80`, IMAGE, 'true'],
      ['start', 'third'],
    ]) {
      const second = await pod(args);
      assert.is(second.code, 125);
      assert.is(
        second.stderr,
        `Error: cannot publish 0.0.0.0:${port}/tcp: address already in use by the container first\n-p 80   # lets the system choose a port, or give another one\n`,
      );
    }
    await stop(id);
    assert.is((await pod(['start', '-a', 'third'])).code, 0);
    await podOk(['rm', 'third']);
  }
});

test('a port for root alone is refused with the sysctl that frees it', async () => {
  const first = Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'));
  if (first <= 80 || process.getuid?.() === 0) skip('port 80 is free to all here');
  // No registry is asked for the image: the port is looked at before.
  for (const network of ['slirp4netns', 'bridge', 'pasta']) {
    const image = 'registry.invalid/nothing:here';
    const ran = await pod(['run', '--rm', '--network', network, '-p', '80:80', image, 'true']);
    assert.is(ran.code, 125);
    assert.is(
      ran.stderr,
      `Error: cannot publish 0.0.0.0:80/tcp: ports below ${first} are for root on this host\nsudo sysctl net.ipv4.ip_unprivileged_port_start=80\n`,
    );
  }
});

test('forms that are wrong, or that the network cannot do, are refused', async () => {
  const cases: [string[], RegExp][] = [
    [['-p', '70000:80'], /70000 is not a port/],
    [['-p', '8000-8002:80-81'], /3 ports of the host's for 2/],
    [['-p', '::1:8080:80'], /brackets/],
    [['--network', 'slirp4netns:port_handler=slirp4netns', '-p', '[::1]:8080:80'], /IPv4 addresses only/],
    [['-p', '8080:80/sctp'], /no SCTP/],
    [['-p', '8080:80', '-p', '8080:81'], /both ask for it/],
    [['--network', 'none', '-p', '8080:80'], /publishes no ports/],
    [['--network', 'host', '-p', '8080:80'], /leave --network host out/],
    [['-p', '203.0.113.9:8080:80'], /not an address of this host/],
  ];
  for (const [flags, stderr] of cases) {
    const ran = await pod(['run', '--rm', ...flags, IMAGE, 'true']);
    assert.is(ran.code, 125, flags.join(' '));
    assert.match(ran.stderr, stderr);
  }
});

test('-P publishes what the image and --expose name, ranges too, and port tells all of it', async () => {
  const id = await serve(
    ['-P', '--expose', '80-81', '--expose', '53/udp', '-p', '127.0.0.2::82', '--network', 'bridge'],
    'for p in 80 81 82; do httpd -p $p -h /etc; done; sleep 100',
  );
  const lines = (await podOk(['port', id])).split('\n');
  assert.equal(lines.map((line) => line.replace(/\d+$/, 'N')).sort(), [
    '53/udp -> 0.0.0.0:N',
    '80/tcp -> 0.0.0.0:N',
    '81/tcp -> 0.0.0.0:N',
    '82/tcp -> 127.0.0.2:N',
  ]);
  const [, one] = /^81\/tcp -> 0\.0\.0\.0:(\d+)$/m.exec(lines.join('\n')) ?? [];
  assert.match((await eventually(() => fetchName(Number(one)))) ?? '', /web/);
  assert.is(await podOk(['port', id, '81']), `0.0.0.0:${one}`);
  assert.is((await pod(['port', id, '81/udp'])).code, 1);
  await stop(id);
});

test('the helper ends with its container, however that ends', async () => {
  const id = await serve([]);
  await eventually(() => helpers().length === 1);
  await podOk(['kill', '--signal', 'KILL', id]);
  await eventually(() => helpers().length === 0);
  const other = await serve([]);
  const helper = await eventually(() => helpers()[0]);
  const monitor = Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${helper}/status`, 'utf8'))?.[1]);
  process.kill(monitor, 'SIGKILL');
  await eventually(() => helpers().length === 0);
  await podOk(['rm', '-f', other]);
});

test('create takes a port that is taken now; start refuses it until it is free', async () => {
  const server = createServer().listen(0, '0.0.0.0');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await podOk(['create', '--name', 'later', '-p', `${port}:80`, 'builtin:busybox', 'true']);
  const early = await pod(['start', 'later']);
  assert.is(early.code, 125);
  assert.match(early.stderr, new RegExp(`^Error: cannot publish .*${port}`));
  assert.is((await pod(['run', '--rm', '-p', `${port}:80`, 'builtin:busybox', 'true'])).code, 125);
  server.close();
  await once(server, 'close');
  assert.is((await pod(['start', '-a', 'later'])).code, 0);
  await podOk(['rm', 'later']);
});

test.run();
