/** `network create|ls|inspect|rm|prune|exists`. */
import * as assert from 'uvu/assert';
import { pod, podOk, test } from './harness/index.ts';

interface Shown {
  Name: string;
  Internal: boolean;
  EnableIPv6: boolean;
  DNSEnabled: boolean;
  IPAM: { Config: { Subnet: string; Gateway: string; IPRange?: string }[] };
  Labels: Record<string, string>;
  Containers: Record<string, { IPv4Address: string }>;
  Options: Record<string, string>;
}
const inspect = async (name: string): Promise<Shown> =>
  JSON.parse(await podOk(['network', 'inspect', name]))[0];

test('the network bridge is always there and cannot be removed', async () => {
  assert.is(
    await podOk(['network', 'ls', '--format', '{{.Name}} {{.Driver}} {{.Scope}}']),
    'bridge bridge local\nhost host local\nnone null local',
  );
  assert.equal(await pod(['network', 'rm', 'bridge']), {
    code: 125,
    signal: null,
    stdout: '',
    stderr: 'Error: cannot remove the network bridge: it is always there\n',
  });
});

test('host and none are listed and inspected as networks, and nothing else is done to them', async () => {
  await podOk(['run', '-d', '--network', 'none', '--name', 'alone', 'builtin:busybox', 'sleep', '100']);
  const ids = (await podOk(['network', 'ls', '--no-trunc', '--format', '{{.ID}}'])).split('\n');
  const all = JSON.parse(await podOk(['network', 'inspect', ...ids]));
  assert.equal(
    all.map(({ Name, Driver, Containers }: { Name: string; Driver: string; Containers: object }) => [
      Name,
      Driver,
      Object.values(Containers).map((one) => one.Name),
    ]),
    [
      ['bridge', 'bridge', []],
      ['host', 'host', []],
      ['none', 'null', ['alone']],
    ],
  );
  const refused = (stderr: string, code = 125) => ({ code, signal: null, stdout: '', stderr });
  for (const name of ['host', 'none']) {
    assert.is((await pod(['network', 'exists', name])).code, 0);
    assert.equal(
      await pod(['network', 'rm', '-f', name]),
      refused(`Error: cannot remove the network ${name}: it is always there\n`),
    );
    assert.equal(
      await pod(['network', 'connect', name, 'alone']),
      refused(
        `Error: cannot connect to the network ${name}: a container has it from its start or not at all\ntsc-pod run --network ${name} …\n`,
      ),
    );
  }
  assert.is(await podOk(['network', 'ls', '-q', '--filter', 'dangling=true']), '');
  assert.is(await podOk(['network', 'ls', '-q', '--filter', 'type=custom']), '');
  assert.is(await podOk(['network', 'prune', '-f']), '');
  await podOk(['rm', '-f', '-t', '0', 'alone']);
});

test('a network is made with what was asked, shown, and removed', async () => {
  const flags = ['--subnet', '172.31.7.9/24', '--gateway', '172.31.7.254', '--ip-range', '172.31.7.128/25'];
  const more = [
    '--subnet',
    'fd12:3456::/64',
    '--internal',
    '--label',
    'a=b',
    '-o',
    'mtu=1400',
    '--disable-dns',
  ];
  assert.is(await podOk(['network', 'create', ...flags, ...more, 'mine']), 'mine');
  const { Internal, EnableIPv6, DNSEnabled, IPAM, Labels, Options } = await inspect('mine');
  assert.equal(JSON.parse(await podOk(['inspect', 'mine'])), [await inspect('mine')]);
  assert.equal(
    { Internal, EnableIPv6, DNSEnabled, Labels, Options, Config: IPAM.Config },
    {
      Internal: true,
      EnableIPv6: true,
      DNSEnabled: false,
      Labels: { a: 'b' },
      Options: { mtu: '1400' },
      Config: [
        { Subnet: '172.31.7.0/24', IPRange: '172.31.7.128/25', Gateway: '172.31.7.254' },
        { Subnet: 'fd12:3456::/64', Gateway: 'fd12:3456::1' },
      ],
    },
  );
  assert.is((await pod(['network', 'exists', 'mine'])).code, 0);
  assert.is(await podOk(['network', 'ls', '-q', '--filter', 'label=a=b']), 'mine');
  const labels = '{{.Labels}} {{.Label "a"}} {{.Label "constructor"}}.';
  assert.is(await podOk(['network', 'ls', '--filter', 'name=mine', '--format', labels]), 'a=b b .');
  assert.is(await podOk(['network', 'rm', 'mine']), 'mine');
  assert.is((await pod(['network', 'exists', 'mine'])).code, 1);
});

test('subnets that are chosen differ, and one that is used is refused by name', async () => {
  for (const name of ['one', 'two']) await podOk(['network', 'create', '--ipv6', name]);
  const [one, two] = [await inspect('one'), await inspect('two')];
  const subnets = [one, two].flatMap(({ IPAM }) => IPAM.Config.map(({ Subnet }) => Subnet));
  assert.is(new Set(subnets).size, 4);
  const ran = await pod(['network', 'create', '--subnet', one.IPAM.Config[0]!.Subnet, 'three']);
  assert.is(ran.code, 125);
  assert.match(ran.stderr, /network one has addresses of it/);
  assert.equal(await pod(['network', 'create', 'one']), {
    code: 125,
    signal: null,
    stdout: '',
    stderr: 'Error: there is a network one\ntsc-pod network rm one   # or --ignore\n',
  });
  assert.is(await podOk(['network', 'create', '--ignore', 'one']), 'one');
  assert.is(await podOk(['network', 'prune', '-f']), 'Deleted Networks:\none\ntwo\n');
});

test('reserved addresses are given to nobody; a network may have IPv6 alone', async () => {
  const flags = [
    '--subnet',
    '10.77.0.0/29',
    '--aux-address',
    'router=10.77.0.2',
    '--aux-address',
    'printer=10.77.0.4',
  ];
  await podOk(['network', 'create', ...flags, 'kept']);
  assert.equal((await inspect('kept')).IPAM.Config, [
    {
      Subnet: '10.77.0.0/29',
      Gateway: '10.77.0.1',
      AuxiliaryAddresses: { router: '10.77.0.2', printer: '10.77.0.4' },
    },
  ]);
  const create = (...more: string[]) =>
    pod(['create', '--network', 'kept', ...more, 'builtin:busybox', 'true']);
  assert.match(
    (await create('--ip', '10.77.0.4')).stderr,
    /cannot give the address 10\.77\.0\.4: network kept needs it/,
  );
  for (const _ of [1, 2, 3]) assert.is((await create()).code, 0);
  const given = Object.values((await inspect('kept')).Containers).map(({ IPv4Address }) => IPv4Address);
  assert.equal(given.sort(), ['10.77.0.3/29', '10.77.0.5/29', '10.77.0.6/29']);
  assert.match((await create()).stderr, /all of 10\.77\.0\.0\/29 are given/);
  await podOk(['network', 'rm', '-f', 'kept']);
  await podOk(['network', 'create', '--ipv4=false', '--ipv6', 'six']);
  const [only, ...others] = (await inspect('six')).IPAM.Config;
  assert.match(only!.Subnet, /^fd[0-9a-f:]+\/64$/);
  assert.equal(others, []);
  const script = `ip -6 -o addr show eth0 | grep -c ' ${only!.Subnet.split('::')[0]}'; ip -4 -o addr show eth0 | wc -l`;
  assert.is(await podOk(['run', '--rm', '--network', 'six', 'builtin:busybox', 'sh', '-c', script]), '1\n0');
  await podOk(['network', 'rm', 'six']);
});

test('what makes no sense is refused', async () => {
  const cases: [string[], RegExp][] = [
    [['--subnet', 'x', 'n'], /--subnet x: it is no network/],
    [['--subnet', '10.200.0.0/31', 'n'], /no room/],
    [['--subnet', '10.200.0.0/24', '--gateway', '10.201.0.1', 'n'], /in no --subnet/],
    [['--subnet', '10.200.0.0/24', '--ip-range', '10.200.0.0/16', 'n'], /no part of/],
    [['--opt', 'color=red', 'n'], /no such option/],
    [['--opt', 'allow_host_loopback=yes', 'n'], /neither true nor false/],
    [['--aux-address', 'x=1.2.3.4', 'n'], /in no --subnet/],
    [['--ipv4=false', 'n'], /no addresses/],
    [['--ipam-driver', 'dhcp', 'n'], /host-local/],
    [['--driver', 'macvlan', 'n'], /bridge/],
    [['host'], /--network has a meaning/],
    [['../x'], /can't be the name of a network/],
  ];
  for (const [args, expected] of cases) {
    const ran = await pod(['network', 'create', ...args]);
    assert.is.not(ran.code, 0, args.join(' '));
    assert.match(ran.stderr, expected);
  }
  assert.equal(await pod(['network', 'rm', 'nope']), {
    code: 1,
    signal: null,
    stdout: '',
    stderr: 'Error: no such network: nope\ntsc-pod network ls   # lists all networks\n',
  });
  assert.is((await pod(['network', 'rm', '-f', 'nope'])).code, 0);
});

test.run();
