/** The network of a container: slirp4netns, none, host; names and resolvers; what it reaches and what it doesn't. */
import { readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import {
  binary,
  command,
  environment,
  greet,
  PYTHON,
  pod,
  podOk,
  RESOLVER,
  sandbox,
  skip,
  test,
} from './harness/index.ts';

const RUN = ['run', '--rm'];
const IMAGE = 'builtin:busybox';
const LOOPBACK = 'slirp4netns:allow_host_loopback=true';

const sh = (script: string, ...flags: string[]): Promise<string> =>
  podOk([...RUN, ...flags, IMAGE, 'sh', '-c', script]);
const python = (script: string, ...flags: string[]): Promise<string> =>
  podOk([...RUN, ...PYTHON, ...flags, IMAGE, '/usr/bin/python3', '-c', script]);

test('by default a container has an address of its own, a way out, and lo', async () => {
  const text = await sh('ip -4 addr show; ip route');
  assert.match(text, /lo: <LOOPBACK,UP/);
  assert.match(text, /inet 10\.0\.2\.100\/24/);
  assert.match(text, /default via 10\.0\.2\.2 dev tap0/);
  assert.match(text, /mtu 65520/);
});

test('private and default mean the same', async () => {
  for (const mode of ['private', 'default'])
    assert.match(await sh('ip -4 addr show tap0', '--network', mode), /10\.0\.2\.100/, mode);
});

test('the gateway answers a ping, from a user other than root and without a capability', async () => {
  const script = String.raw`
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)
s.settimeout(5)
s.sendto(b'\x08\0\0\0\0\0\0\1', ('10.0.2.2', 0))
print(s.recv(64)[0])`;
  assert.is(await python(script), '0');
  assert.is(await python(script, '-u', '33:33', '--cap-drop', 'ALL'), '0');
  assert.match(await sh('ping -c1 -W5 10.0.2.2', '--cap-add', 'NET_RAW'), /1 packets received/);
});

test("a server at the host's loopback is out of reach unless that is allowed", async () => {
  const port = await greet('127.0.0.1');
  const script = `nc -w 5 10.0.2.2 ${port} </dev/null`;
  const ran = await pod([...RUN, IMAGE, 'sh', '-c', script]);
  assert.is(ran.stdout, '');
  assert.is.not(ran.code, 0);
  assert.is(await sh(script, '--network', LOOPBACK), 'hello from the host');
  assert.is(
    await sh(`nc -w 5 host.docker.internal ${port} </dev/null`, '--network', LOOPBACK),
    'hello from the host',
  );
});

test('IPv6 has an address, and a way out', async () => {
  const port = await greet('::1').catch(() => skip('the host has no IPv6'));
  const wait =
    'i=0; until ip -6 addr show tap0 | grep fd00:: | grep -qv tentative; do sleep 0.1; i=$((i+1)); [ $i -lt 100 ] || exit 9; done';
  assert.is(
    await sh(`${wait}; nc -w 5 fd00::2 ${port} </dev/null`, '--network', LOOPBACK),
    'hello from the host',
  );
  const off = await sh('sleep 0.3; ip -6 addr show tap0', '--network', 'slirp4netns:enable_ipv6=false');
  assert.not.match(off, /fd00:/);
});

test('options of slirp4netns take effect', async () => {
  const text = await sh(
    'ip -4 addr show tap0; ip route; cat /etc/resolv.conf',
    '--network',
    'slirp4netns:mtu=1400,cidr=10.77.0.0/24',
  );
  assert.match(text, /mtu 1400/);
  assert.match(text, /inet 10\.77\.0\.100\/24/);
  assert.match(text, /default via 10\.77\.0\.2/);
  assert.match(text, /^nameserver 10\.77\.0\.3$/m);
});

test('--network none has a loopback that works, and nothing else', async () => {
  const script =
    'ip -o link | wc -l; ip route; (echo hi | nc -l -p 80 &) ; until nc -w 2 127.0.0.1 80 </dev/null 2>/dev/null; do sleep 0.05; done; nc -w 1 10.0.2.2 80; echo $?';
  const ran = await pod([...RUN, '--network', 'none', IMAGE, 'sh', '-c', script]);
  assert.is(ran.stdout, '1\nhi\n1\n', ran.stderr);
});

test("--network host is the host's own", async () => {
  const port = await greet('127.0.0.1');
  const text = await sh(
    `readlink /proc/self/ns/net; nc -w 5 127.0.0.1 ${port} </dev/null; hostname`,
    '--network',
    'host',
  );
  assert.is(text, [readlinkSync('/proc/self/ns/net'), 'hello from the host', hostname()].join('\n'));
  assert.is(
    await sh('cat /etc/resolv.conf', '--network', 'host'),
    readFileSync('/etc/resolv.conf', 'utf8').replace(/\n$/, ''),
  );
});

test('hosts, hostname and resolv.conf say what was asked', async () => {
  const flags = [
    '--name',
    'net-names',
    '--hostname',
    'box',
    '--add-host',
    'api;web:10.1.1.1',
    '--add-host',
    'gw:host-gateway',
    '--dns',
    '10.5.5.5',
    '--dns-search',
    'corp.example',
    '--dns-option',
    'ndots:3',
  ];
  const text = await sh(
    'hostname; cat /etc/hostname /etc/resolv.conf; cat /etc/hosts; nslookup nothing >/dev/null 2>&1; ping -c1 -W1 -q api 2>/dev/null | head -1',
    ...flags,
    '--network',
    LOOPBACK,
  );
  assert.ok(text.startsWith('box\nbox\nsearch corp.example\nnameserver 10.5.5.5\noptions ndots:3\n'), text);
  assert.match(text, /^10\.1\.1\.1\tapi web$/m);
  assert.match(text, /^10\.0\.2\.2\tgw$/m);
  assert.match(text, /^10\.0\.2\.100\tbox net-names$/m);
  assert.match(text, /^10\.0\.2\.2\thost\.containers\.internal host\.docker\.internal$/m);
});

test('without --hostname the name is the short id', async () => {
  const id = await podOk(['run', '-d', IMAGE, 'hostname']);
  await podOk(['wait', id]);
  assert.is(await podOk(['logs', id]), id.slice(0, 12));
});

test("resolv.conf starts with the network's own server and has no public one", async () => {
  const servers = (await sh('grep ^nameserver /etc/resolv.conf')).split('\n');
  assert.is(servers[0], 'nameserver 10.0.2.3');
  const host = `${readFileSync('/etc/resolv.conf', 'utf8')}${await command(['cat', '/run/systemd/resolve/resolv.conf']).then((ran) => ran.stdout)}`;
  for (const line of servers.slice(1)) assert.ok(host.includes(line), line);
});

test("names are resolved by the host's resolver, also where it listens at a loopback", async () => {
  // A host of its own: a network namespace with a resolver at 127.0.0.1, in which tsc-pod runs.
  const resolver = join(sandbox.work, 'resolver.py');
  writeFileSync(resolver, RESOLVER);
  writeFileSync(join(sandbox.work, 'resolv.conf'), 'nameserver 127.0.0.1\nsearch corp.example\n');
  const script = `ip link set lo up && mount --bind ${sandbox.work}/resolv.conf /etc/resolv.conf || exit 77
python3 ${resolver} 127.0.0.1 & trap "kill $!" EXIT
until grep -q 0100007F:0035 /proc/net/udp; do sleep 0.05; done
${binary} run --rm ${IMAGE} sh -c 'cat /etc/resolv.conf; nslookup -type=a web.example'`;
  const env = { TSC_POD_ROOT: join(sandbox.dir, 'nested'), PATH: `${environment.PATH}:/usr/sbin:/sbin` };
  const ran = await command(['unshare', '-rmn', 'sh', '-c', script], { env });
  if (ran.code === 77) skip('no namespace can be made to play the host');
  assert.match(ran.stdout, /^search corp\.example\nnameserver 10\.0\.2\.3\n/, ran.stderr);
  assert.match(ran.stdout, /Name:\s+web\.example\nAddress: 192\.0\.2\.7/);
});

test('what is configured is the network of those that ask for none', async () => {
  const links = async (env: Record<string, string>, ...flags: string[]) =>
    (await podOk([...RUN, ...flags, IMAGE, 'sh', '-c', 'ip -o link | wc -l; ip -o -4 addr'], { env })).split(
      '\n',
    );
  assert.equal((await links({ TSC_POD_NETWORK: 'none' }))[0], '1');
  assert.match((await links({ TSC_POD_NETWORK: 'none' }, '--network', 'private')).join(' '), /10\.0\.2\.100/);
  const conf = join(sandbox.work, 'containers.conf');
  writeFileSync(
    conf,
    '[containers]\nnetns = "bridge"\n[engine]\nnetwork_cmd_options = ["cidr=10.0.7.0/24"]\n',
  );
  assert.match((await links({ CONTAINERS_CONF: conf })).join(' '), /eth0 .*inet 10\.(?!0\.)/);
  assert.match((await links({ CONTAINERS_CONF: conf }, '--network', 'private')).join(' '), /10\.0\.7\.100/);
  writeFileSync(conf, '[network]\ndefault_rootless_network_cmd = "carrier pigeon"\n');
  const ran = await pod([...RUN, IMAGE, 'true'], { env: { CONTAINERS_CONF: conf } });
  assert.is(ran.code, 125);
  assert.is(
    ran.stderr,
    `Error: cannot use ${conf}:2: default_rootless_network_cmd is neither slirp4netns nor pasta: carrier pigeon\n`,
  );
});

test('ns:PATH is the namespace that somebody else made, and publishes nothing', async () => {
  const id = await podOk(['run', '-d', '--network', 'none', IMAGE, 'sleep', '100']);
  const path = await podOk(['inspect', '--format', '{{.NetworkSettings.SandboxKey}}', id]);
  assert.match(path, /^\/proc\/\d+\/ns\/net$/);
  const published = await pod([...RUN, '--network', `ns:${path}`, '-p', '8080:80', IMAGE, 'true']);
  assert.match(published.stderr, /publishes no ports/);
  const gone = await pod([...RUN, '--network', 'ns:/nowhere/net', IMAGE, 'true']);
  assert.is(gone.code, 125);
  assert.match(gone.stderr, /\/nowhere\/net/);
  await podOk(['rm', '-f', '-t', '0', id]);
});

test('what is wrong or not there yet is said before anything starts', async () => {
  const cases: [string[], RegExp][] = [
    [['--network', 'mynet'], /no such network: mynet/],
    [['--network', 'slirp4netns:mtu=x'], /the MTU is 1 to 65521/],
    [['--dns', 'nonsense'], /not an IP address/],
    [['--add-host', 'a b:1.2.3.4'], /not a host name/],
    [['--hostname', 'a b'], /host name/],
  ];
  for (const [flags, stderr] of cases) {
    const ran = await pod([...RUN, ...flags, IMAGE, 'true']);
    assert.is(ran.code, 125, flags.join(' '));
    assert.match(ran.stderr, stderr);
  }
  assert.is((await podOk(['ps', '-aq'])).includes('mynet'), false);
});

test('without slirp4netns the error names the package, and none still runs', async () => {
  const env = { PATH: sandbox.work };
  const hidden = await command([
    'unshare',
    '-rm',
    'sh',
    '-c',
    `mount --bind /dev/null /usr/bin/slirp4netns && exec ${binary} run --rm ${IMAGE} true`,
  ]);
  if (/mount/.test(hidden.stderr)) skip('slirp4netns is not where this test can hide it');
  assert.is(hidden.code, 125);
  assert.match(hidden.stderr, /slirp4netns is not installed\n.*apt-get install slirp4netns/);
  assert.is((await pod([...RUN, '--network', 'none', IMAGE, 'true'], { env })).code, 0);
});

test.run();
