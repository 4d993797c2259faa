import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseNetworkMode } from '../../../netns/mode.ts';
import { DEFAULT_SLIRP4NETNS } from '../../../netns/slirp4netns-options.ts';

const code = (expected: string) => (error: { code: string }) => error.code === expected;

test('slirp4netns is the default, by each of its names', () => {
  for (const text of [undefined, 'slirp4netns', 'slirp4netns:', 'default', 'private'])
    assert.equal(parseNetworkMode(text), { kind: 'slirp4netns', options: DEFAULT_SLIRP4NETNS }, text);
});

test('any other word is the name of a network, with what it is to be there', () => {
  const nothing = { addresses: [], aliases: [] };
  assert.equal(parseNetworkMode('bridge'), { kind: 'bridge', networks: [{ network: 'bridge', ...nothing }] });
  assert.equal(
    parseNetworkMode('net:ip=10.1.0.2,ip6=fd00::2,mac=02-AA-00-00-00-01,alias=a,alias=b,interface_name=lan0'),
    {
      kind: 'bridge',
      networks: [
        {
          network: 'net',
          addresses: ['10.1.0.2', 'fd00::2'],
          aliases: ['a', 'b'],
          mac: '02:aa:00:00:00:01',
          interface: 'lan0',
        },
      ],
    },
  );
});

test('none, host and a path', () => {
  assert.equal(parseNetworkMode('none'), { kind: 'none' });
  assert.equal(parseNetworkMode('host'), { kind: 'host' });
  assert.equal(parseNetworkMode('ns:/run/netns/a:b'), { kind: 'path', path: '/run/netns/a:b' });
});

test('options of slirp4netns are read', () => {
  assert.equal(
    parseNetworkMode(
      'slirp4netns:mtu=1500,cidr=10.9.0.0/16,enable_ipv6=false,allow_host_loopback=true,outbound_addr=eth0,outbound_addr6=fd00::2,port_handler=slirp4netns',
    ),
    {
      kind: 'slirp4netns',
      options: {
        mtu: 1500,
        cidr: '10.9.0.0/16',
        enableIpv6: false,
        allowHostLoopback: true,
        outboundAddr: 'eth0',
        outboundAddr6: 'fd00::2',
        ownPortHandler: true,
      },
    },
  );
});

test('wrong options are usage errors', () => {
  for (const word of [
    'mtu=0',
    'mtu=65522',
    'mtu=x',
    'mtu',
    'mtu=1e3',
    'cidr=10.0.2.0/26',
    'cidr=10.0.2.1/24',
    'cidr=fd00::/64',
    'enable_ipv6=yes',
    'nonsense=1',
    'outbound_addr=fd00::1',
    'outbound_addr=a b',
    'outbound_addr=1.2.3',
    'outbound_addr6=1.2.3.4',
    '--api-socket=/x',
  ])
    assert.throws(() => parseNetworkMode(`slirp4netns:${word}`), code('usage'), word);
  for (const text of [
    'none:x',
    'host:',
    'bridge:ip=1.2.3',
    'net:mac=01:00:00:00:00:00',
    'net:alias=a b',
    'net:interface_name=a/b',
    'net:x=1',
    'ns:',
    'ns:relative',
  ])
    assert.throws(() => parseNetworkMode(text), code('usage'), text);
});

test('another container is told by name', () => {
  assert.equal(parseNetworkMode('container:web'), { kind: 'container', name: 'web' });
  for (const text of ['container', 'container:'])
    assert.throws(() => parseNetworkMode(text), code('usage'), text);
});

test('what is no name is refused', () => {
  for (const text of ['', '-x', 'a/b'])
    assert.throws(() => parseNetworkMode(text), code('unsupported'), text);
});

test("docker's long form names a network and what the container is there", () => {
  const mac = '02:00:00:00:00:01';
  const text = `name=shop,alias=www,alias=web,ip=10.90.0.7,ip6=fd00::7,mac-address=${mac},driver-opt=com.docker.network.endpoint.ifname=lan0`;
  const network = {
    network: 'shop',
    aliases: ['www', 'web'],
    addresses: ['10.90.0.7', 'fd00::7'],
    mac,
    interface: 'lan0',
  };
  assert.equal(parseNetworkMode(text), { kind: 'bridge', networks: [network] });
  assert.equal(parseNetworkMode('name=none'), { kind: 'none' });
  for (const wrong of [
    'name=none,alias=x',
    'name=',
    'alias=x',
    'name=shop,gw-priority=1',
    'name=shop,driver-opt=x=y',
  ])
    assert.throws(() => parseNetworkMode(wrong), /cannot use --(network|driver-opt)/, wrong);
});

test.run();
