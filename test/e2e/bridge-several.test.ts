/** Containers in several bridge networks, and what changes while they run: names, resolvers, routes. */
import * as assert from 'uvu/assert';
import { addressOf, GET, IMAGE, lookUp, serve } from './bridge-lab.ts';
import { eventually, pod, podOk, test } from './harness/index.ts';

const resolvers = async (container: string): Promise<string[]> =>
  (await podOk(['exec', container, 'sh', '-c', 'grep ^nameserver /etc/resolv.conf || true']))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace('nameserver ', ''));
const gatewayOf = (network: string): Promise<string> =>
  podOk(['network', 'inspect', '-f', '{{range .IPAM.Config}}{{.Gateway}}{{end}}', network]);
const route = (container: string): Promise<string> =>
  podOk(['exec', container, 'sh', '-c', 'ip route | grep ^default || true']);

const hostLine = (container: string): Promise<string> =>
  podOk(['exec', container, 'sh', '-c', 'grep host.docker.internal /etc/hosts || true']);

test('a container in two networks is told of the members of both, by the first resolver alone', async () => {
  await podOk(['network', 'create', 'near']);
  await podOk(['network', 'create', '--internal', 'deep']);
  await serve('web', '--network', 'near');
  await serve('store', '--network', 'deep:alias=db');
  await serve('both', '--network', 'deep', '--network', 'near');
  assert.equal(await resolvers('both'), [await gatewayOf('near'), await gatewayOf('deep')]);
  for (const server of await resolvers('both')) {
    const from = async (name: string): Promise<string> => {
      const said = await podOk(['exec', 'both', 'nslookup', name, server]);
      return /^Address:\s+(\d+\.\S+)$/m.exec(said.slice(said.indexOf('\n\n')))?.[1] ?? said;
    };
    assert.is(await from('web'), await addressOf('web', 'near'), server);
    assert.is(await from('db'), await addressOf('store', 'deep'), server);
  }
  assert.is(await lookUp('web', 'db'), 'NXDOMAIN');
  assert.is(await lookUp('store', 'web'), 'NXDOMAIN');
});

test('an internal resolver leaves what is outside to the other one', async () => {
  const deep = await gatewayOf('deep');
  const ask = (container: string) =>
    podOk(['exec', container, 'sh', '-c', `nslookup a.invalid ${deep} 2>&1 || true`]);
  assert.match(await ask('both'), /REFUSED/);
  assert.match(await ask('store'), /NXDOMAIN/);
});

test('who comes into a network while it runs is told of its members, and has its resolver and route', async () => {
  await podOk(['run', '-d', '--name', 'late', '--network', 'deep', IMAGE, 'sleep', '99']);
  assert.is(await route('late'), '');
  assert.equal(await resolvers('late'), [await gatewayOf('deep')]);
  assert.is(await lookUp('late', 'web'), 'NXDOMAIN');
  await podOk(['network', 'connect', 'near', 'late']);
  assert.equal(await resolvers('late'), [await gatewayOf('near'), await gatewayOf('deep')]);
  assert.is(await lookUp('late', 'web'), await addressOf('web', 'near'));
  assert.match(await route('late'), /^default via \S+ dev eth1/);
  assert.is(await hostLine('late'), await hostLine('web'));
  await podOk(['network', 'disconnect', 'deep', 'late']);
  assert.equal(await resolvers('late'), [await gatewayOf('near')]);
  assert.is(await lookUp('late', 'db'), 'NXDOMAIN');
  assert.is(await lookUp('late', 'web'), await addressOf('web', 'near'));
  assert.match(
    await podOk(['exec', 'late', 'grep', ' *late', '/etc/hosts']),
    /^\d+\.\d+\.\d+\.\d+\t\w+ late$/,
  );
});

test('the default route goes on by another network', async () => {
  await podOk(['network', 'create', 'far']);
  await podOk(['network', 'connect', 'far', 'late']);
  assert.match(await route('late'), /dev eth1/);
  await podOk(['network', 'disconnect', 'near', 'late']);
  assert.match(await route('late'), new RegExp(`^default via ${await gatewayOf('far')} dev eth0`));
  assert.equal(await resolvers('late'), [await gatewayOf('far')]);
  await podOk(['network', 'disconnect', 'far', 'late']);
  assert.equal(await resolvers('late'), []);
  assert.is(await hostLine('late'), '');
  await podOk(['network', 'connect', 'near', 'late']);
  assert.equal(await resolvers('late'), [await gatewayOf('near')]);
  assert.is(await lookUp('late', 'web'), await addressOf('web', 'near'));
});

test('a new name is known at once, the old one is nobody', async () => {
  await podOk(['rename', 'late', 'newer']);
  assert.is(await lookUp('both', 'newer'), await addressOf('newer', 'near'));
  assert.is(await lookUp('both', 'late'), 'NXDOMAIN');
  await podOk(['restart', '-t', '0', 'newer']);
  assert.is(await lookUp('both', 'newer'), await addressOf('newer', 'near'));
  assert.is(await lookUp('both', 'late'), 'NXDOMAIN');
});

test('what somebody has written into resolv.conf stays', async () => {
  await podOk(['exec', 'newer', 'sh', '-c', 'echo nameserver 192.0.2.1 >/etc/resolv.conf']);
  await podOk(['network', 'connect', 'far', 'newer']);
  assert.equal(await resolvers('newer'), ['192.0.2.1']);
  const flags = ['--dns', '127.0.0.1', '--network', 'near'];
  const ran = await pod(['run', '-d', '--rm', '--name', 'own', ...flags, IMAGE, 'sleep', '99']);
  assert.match(ran.stderr, /does not find the others of its network by name/);
  await podOk(['network', 'connect', 'far', 'own']);
  assert.equal(await resolvers('own'), ['127.0.0.1']);
});

test('a container that has given its hosts and resolv.conf away comes into a network all the same', async () => {
  await podOk(['run', '-d', '--name', 'given', '--network', 'near', IMAGE, 'sleep', '99']);
  await podOk(['exec', 'given', 'chown', '7', '/etc/hosts', '/etc/resolv.conf']);
  await podOk(['network', 'connect', 'deep', 'given']);
  assert.equal(await resolvers('given'), [await gatewayOf('near')]);
  assert.is(await lookUp('given', 'db'), await addressOf('store', 'deep'));
  await podOk(['restart', '-t', '0', 'given']);
  assert.equal(await resolvers('given'), [await gatewayOf('near'), await gatewayOf('deep')]);
  await podOk(['rm', '-f', '-t', '0', 'given']);
});

test('a stopped container is changed as one that runs', async () => {
  await podOk(['create', '--name', 'still', '--network', 'near', IMAGE, 'sleep', '99']);
  await podOk(['network', 'connect', 'deep', 'still']);
  await podOk(['network', 'disconnect', 'near', 'still']);
  await podOk(['start', 'still']);
  assert.equal(await resolvers('still'), [await gatewayOf('deep')]);
  assert.is(await lookUp('still', 'db'), await addressOf('store', 'deep'));
});

test('members of an internal network reach each other by IPv6, which has no way out and so is not tried', async () => {
  await podOk(['network', 'create', '--ipv6', '--internal', 'six']);
  await serve('six-web', '--network', 'six');
  await podOk(['run', '-d', '--rm', '--name', 'six-client', '--network', 'six', IMAGE, 'sleep', '99']);
  const address = await podOk([
    'inspect',
    '-f',
    '{{.NetworkSettings.Networks.six.GlobalIPv6Address}}',
    'six-web',
  ]);
  assert.match(address, /^fd[0-9a-f:]+$/);
  assert.is(await lookUp('six-client', 'six-web', '-type=aaaa'), address);
  assert.is(await podOk(['exec', 'six-client', 'sh', '-c', GET(address)]), 'six-web');
  assert.match(await podOk(['exec', 'six-client', 'nslookup', address]), /name = six-web/);
  const route = await podOk(['exec', 'six-client', 'sh', '-c', 'ip -6 route get 2001:db8::1 2>&1 || true']);
  assert.match(route, /unreachable/i);
  await podOk(['rm', '-f', 'six-web', 'six-client']);
  await podOk(['network', 'rm', 'six']);
});

test('nothing is left', async () => {
  await podOk(['rm', '-f', 'web', 'store', 'both', 'newer', 'own', 'still']);
  await podOk(['network', 'rm', 'near', 'deep', 'far']);
  await eventually(async () => (await podOk(['network', 'ls', '-q', '-f', 'type=custom'])) === '');
});

test.run();
