import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hasIPv6, hostAddress } from '../../../netns/host-address.ts';
import { parseNetworkMode } from '../../../netns/mode.ts';
import { type NetworkWish, planNetwork } from '../../../netns/network.ts';

const modeOf = (text?: string) => parseNetworkMode(text) as NetworkWish['mode'];

const WISH: NetworkWish = {
  mode: modeOf(undefined),
  ports: [],
  hostname: 'box',
  containerName: 'web',
  dns: { servers: ['1.2.3.4'], search: ['.'], options: ['ndots:0'] },
  addHosts: [],
  gidMap: [{ container: 0, host: 1500, size: 1 }],
  slirp4netns: { path: '/usr/bin/slirp4netns', version: '1.2.0', seccomp: true, sandbox: true },
};
const RESOLV = 'nameserver 1.2.3.4\noptions ndots:0\n';

test('slirp4netns: a new namespace, a helper, the address in hosts', () => {
  const plan = planNetwork(WISH);
  assert.is(plan.namespace, 'new');
  assert.is(plan.operations.length, 1);
  assert.equal(plan.sysctls, {
    'net.ipv4.ip_unprivileged_port_start': '0',
    'net.ipv4.ping_group_range': '0 0',
  });
  assert.is(plan.address, '10.0.2.100');
  assert.is(plan.files['/etc/hostname'], 'box\n');
  assert.is(plan.files['/etc/resolv.conf'], RESOLV);
  assert.match(plan.files['/etc/hosts'] ?? '', /^10\.0\.2\.100\tbox web$/m);
});

test('with host loopback the host is the gateway', () => {
  const plan = planNetwork({
    ...WISH,
    mode: modeOf('slirp4netns:allow_host_loopback=true,cidr=10.7.0.0/24'),
  });
  assert.match(
    plan.files['/etc/hosts'] ?? '',
    /^10\.7\.0\.2\thost\.containers\.internal host\.docker\.internal$/m,
  );
  assert.not(plan.operations[0]?.includes('--disable-host-loopback'));
});

test('none: a new namespace with nothing in it', () => {
  const plan = planNetwork({ ...WISH, mode: { kind: 'none' } });
  assert.is(plan.namespace, 'new');
  assert.equal(plan.operations, []);
  assert.match(plan.files['/etc/hosts'] ?? '', /^127\.0\.0\.1\tbox web$/m);
  assert.not.match(plan.files['/etc/hosts'] ?? '', /internal/);
});

test("host: no namespace, no sysctls, and names of the host's", () => {
  const plan = planNetwork({ ...WISH, mode: { kind: 'host' } });
  assert.is(plan.namespace, 'host');
  assert.equal(plan.sysctls, {});
  assert.match(plan.files['/etc/hosts'] ?? '', /^127\.0\.0\.1\thost\.containers\.internal/m);
});

test('ns: joins, and changes nothing there', () => {
  const plan = planNetwork({ ...WISH, mode: { kind: 'path', path: '/run/netns/x' } });
  assert.equal(plan.namespace, { path: '/run/netns/x' });
  assert.equal(plan.sysctls, {});
});

test("--dns none leaves the image's resolv.conf", () => {
  assert.not(
    '/etc/resolv.conf' in planNetwork({ ...WISH, dns: { servers: ['none'], search: [], options: [] } }).files,
  );
});

test("the host's address is its first IPv4 one that is not its loopback", () => {
  const entry = { netmask: '', mac: '', cidr: null };
  const four = (address: string, internal: boolean) => ({
    ...entry,
    family: 'IPv4' as const,
    address,
    internal,
  });
  const six = { ...entry, family: 'IPv6' as const, address: 'fd00::1', internal: false, scopeid: 0 };
  assert.is(
    hostAddress(() => ({ lo: [four('127.0.0.1', true)], eth0: [six, four('192.0.2.2', false)] })),
    '192.0.2.2',
  );
  assert.is(
    hostAddress(() => ({ lo: [four('127.0.0.1', true)] })),
    undefined,
  );
});

test("an IPv6 address of a link, or the loopback's, is no IPv6 of the host's", () => {
  const entry = { netmask: '', mac: '', cidr: null, family: 'IPv6' as const };
  const lo = { ...entry, address: '::1', internal: true, scopeid: 0 };
  const link = { ...entry, address: 'fe80::1', internal: false, scopeid: 2 };
  const own = { ...entry, address: '2001:db8::1', internal: false, scopeid: 0 };
  assert.is(
    hasIPv6(() => ({ lo: [lo], eth0: [link] })),
    false,
  );
  assert.is(
    hasIPv6(() => ({ lo: [lo], eth0: [link, own] })),
    true,
  );
});

test.run();
