import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { PortMapping } from '../../../netns/port.ts';
import { slirp4netnsPlan } from '../../../netns/slirp4netns.ts';
import { DEFAULT_SLIRP4NETNS, slirp4netnsAddresses } from '../../../netns/slirp4netns-options.ts';

const PROGRAM = { path: '/usr/bin/slirp4netns', version: '1.2.0', seccomp: true, sandbox: true };
const BASE = { program: PROGRAM, options: DEFAULT_SLIRP4NETNS, ports: [], apiSocket: 'api.sock' };
const port = (change: Partial<PortMapping>): PortMapping => ({
  hostIp: '0.0.0.0',
  hostPort: 8080,
  containerPort: 80,
  protocol: 'tcp',
  ...change,
});

test('without ports there is one helper and no socket', () => {
  assert.equal(slirp4netnsPlan(BASE), [
    [
      'network-helper',
      '/usr/bin/slirp4netns',
      '--configure',
      '--mtu=65520',
      '--cidr=10.0.2.0/24',
      '--enable-ipv6',
      '--disable-host-loopback',
      '--enable-sandbox',
      '--enable-seccomp',
      '--ready-fd=3',
      '--exit-fd=4',
      '@pid@',
      'tap0',
    ],
  ]);
});

test('with its own port handler each TCP port is one request', () => {
  const [helper, ...requests] = slirp4netnsPlan({
    ...BASE,
    options: { ...DEFAULT_SLIRP4NETNS, ownPortHandler: true },
    ports: [port({}), port({ hostIp: '192.0.2.2', hostPort: 53, containerPort: 53, protocol: 'udp' })],
  });
  assert.ok(helper?.includes('--api-socket=api.sock'));
  assert.equal(requests, [
    [
      'network-api',
      'api.sock',
      '{"execute":"add_hostfwd","arguments":{"proto":"tcp","host_addr":"0.0.0.0","host_port":8080,"guest_addr":"10.0.2.100","guest_port":80}}',
    ],
    ['publish-to', '10.0.2.100', '10.0.2.2'],
    ['publish', '192.0.2.2', '53', '53', 'udp'],
  ]);
});

test('ports are forwarded by the launcher, and nothing is asked of slirp4netns', () => {
  const [helper, ...ports] = slirp4netnsPlan({
    ...BASE,
    ports: [port({}), port({ hostIp: '::1' }), port({ hostIp: '::1', protocol: 'udp' })],
  });
  assert.not.ok(helper?.includes('--api-socket=api.sock'));
  assert.equal(ports, [
    ['publish-to', '10.0.2.100', '10.0.2.2'],
    ['publish', '0.0.0.0', '8080', '80'],
    ['publish', '::1', '8080', '80'],
    ['publish', '::1', '8080', '80', 'udp'],
  ]);
});

test('options become flags', () => {
  const options = {
    mtu: 1500,
    cidr: '10.9.0.0/16',
    enableIpv6: false,
    allowHostLoopback: true,
    outboundAddr: '192.0.2.2',
    outboundAddr6: 'eth0',
    ownPortHandler: true,
  } as const;
  const [helper, request] = slirp4netnsPlan({
    ...BASE,
    program: { ...PROGRAM, sandbox: false, seccomp: false },
    options,
    ports: [port({})],
  });
  assert.equal(helper, [
    'network-helper',
    '/usr/bin/slirp4netns',
    '--configure',
    '--mtu=1500',
    '--cidr=10.9.0.0/16',
    '--outbound-addr=192.0.2.2',
    '--outbound-addr6=eth0',
    '--api-socket=api.sock',
    '--ready-fd=3',
    '--exit-fd=4',
    '@pid@',
    'tap0',
  ]);
  assert.match(request?.[2] ?? '', /"guest_addr":"10\.9\.0\.100"/);
});

test('addresses follow the network', () => {
  assert.equal(slirp4netnsAddresses('10.0.2.0/24'), {
    guest: '10.0.2.100',
    gateway: '10.0.2.2',
    dns: '10.0.2.3',
  });
  assert.equal(slirp4netnsAddresses('192.168.7.128/25'), {
    guest: '192.168.7.228',
    gateway: '192.168.7.130',
    dns: '192.168.7.131',
  });
});

test('what slirp4netns cannot publish is refused with the way out', () => {
  const refused = (change: Partial<PortMapping>, hint: RegExp, options = DEFAULT_SLIRP4NETNS) =>
    assert.throws(
      () => slirp4netnsPlan({ ...BASE, options, ports: [port(change)] }),
      (error: { code: string; hint: string }) => error.code === 'unsupported' && hint.test(error.hint),
    );
  refused({ protocol: 'sctp' }, /--network host/);
  refused({ hostIp: '::1' }, /-p 8080:80/, { ...DEFAULT_SLIRP4NETNS, ownPortHandler: true });
});

test('an old slirp4netns has no outbound address', () => {
  assert.throws(
    () =>
      slirp4netnsPlan({
        ...BASE,
        program: { ...PROGRAM, version: '0.4.3' },
        options: { ...DEFAULT_SLIRP4NETNS, outboundAddr: '192.0.2.2' },
      }),
    (error: { code: string }) => error.code === 'unsupported',
  );
});

test.run();
