import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type NetworkFlags,
  readNetworkOptions,
} from '../../../../../core/container/flags/network-options.ts';

const FLAGS: NetworkFlags = {
  network: [],
  publish: [],
  publishAll: false,
  expose: [],
  addHost: [],
  dns: [],
  dnsSearch: [],
  dnsOption: [],
  hostname: undefined,
};
const code = (expected: string) => (error: { code: string }) => error.code === expected;

test('without flags it is the default network and nothing else', () => {
  const options = readNetworkOptions(FLAGS);
  assert.is(options.mode.kind, 'slirp4netns');
  assert.equal(
    { ...options, mode: 0 },
    {
      mode: 0,
      publish: [],
      exposed: [],
      dns: { servers: [], search: [], options: [] },
      addHosts: [],
      hostname: undefined,
      notices: [],
    },
  );
});

test('exposed ports of the image and of --expose are joined', () => {
  const options = readNetworkOptions({ ...FLAGS, expose: ['80', '90-91'] }, ['80/tcp', '53/udp']);
  assert.equal(
    options.exposed.map(({ port, protocol }) => `${port}/${protocol}`),
    ['80/tcp', '53/udp', '90/tcp', '91/tcp'],
  );
  assert.equal(options.publish, []);
});

test('-P publishes them, beside -p', () => {
  const options = readNetworkOptions({ ...FLAGS, publish: ['8080:80'], publishAll: true }, [
    '80/tcp',
    '53/udp',
  ]);
  assert.equal(
    options.publish.map((one) => [one.hostPorts?.[0], one.containerPort, one.protocol]),
    [
      [8080, 80, 'tcp'],
      [undefined, 53, 'udp'],
    ],
  );
});

test("in the host's network ports that are the same there are said to be without effect, others refused", () => {
  const host = { ...FLAGS, network: ['host'] };
  const options = readNetworkOptions({ ...host, publish: ['80:80', '90'] });
  assert.equal(options.publish, []);
  assert.is(options.notices.length, 1);
  assert.throws(() => readNetworkOptions({ ...host, publish: ['8080:80'] }), code('usage'));
});

test('with no network nothing can be published', () => {
  assert.throws(() => readNetworkOptions({ ...FLAGS, network: ['none'], publish: ['80:80'] }), code('usage'));
  assert.throws(
    () => readNetworkOptions({ ...FLAGS, network: ['none'], publishAll: true }, ['80/tcp']),
    code('usage'),
  );
  assert.equal(readNetworkOptions({ ...FLAGS, network: ['none'], publishAll: true }).publish, []);
});

test('several networks are not there yet', () => {
  assert.throws(() => readNetworkOptions({ ...FLAGS, network: ['none', 'host'] }), code('unsupported'));
});

test('DNS flags are checked, so that they add no lines of their own', () => {
  for (const dns of ['x', '1.2.3', '1.2.3.4\n', ''])
    assert.throws(() => readNetworkOptions({ ...FLAGS, dns: [dns] }), code('usage'), dns);
  for (const word of ['a b', 'a\nnameserver 6.6.6.6', '', '#x']) {
    assert.throws(() => readNetworkOptions({ ...FLAGS, dnsSearch: [word] }), code('usage'), word);
    assert.throws(() => readNetworkOptions({ ...FLAGS, dnsOption: [word] }), code('usage'), word);
  }
  assert.throws(() => readNetworkOptions({ ...FLAGS, dns: ['none'], dnsSearch: ['a'] }), code('usage'));
  assert.equal(readNetworkOptions({ ...FLAGS, dns: ['::1'], dnsSearch: ['.'], dnsOption: ['ndots:1'] }).dns, {
    servers: ['::1'],
    search: ['.'],
    options: ['ndots:1'],
  });
});

test('host names are checked', () => {
  for (const good of ['a', 'web-1', 'web_1.example', 'x'.repeat(64)])
    assert.is(readNetworkOptions({ ...FLAGS, hostname: good }).hostname, good);
  for (const bad of ['-a', 'a-', 'a b', 'a\n', 'x'.repeat(65), 'ä'])
    assert.throws(() => readNetworkOptions({ ...FLAGS, hostname: bad }), code('usage'), bad);
});

test.run();
