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
  Options: Record<string, string>;
}
const inspect = async (name: string): Promise<Shown> =>
  JSON.parse(await podOk(['network', 'inspect', name]))[0];

test('the network bridge is always there and cannot be removed', async () => {
  assert.is(
    await podOk(['network', 'ls', '--format', '{{.Name}} {{.Driver}} {{.Scope}}']),
    'bridge bridge local',
  );
  assert.equal(await pod(['network', 'rm', 'bridge']), {
    code: 125,
    signal: null,
    stdout: '',
    stderr: 'Error: cannot remove the network bridge: it is always there\n',
  });
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

test('what makes no sense is refused', async () => {
  const cases: [string[], RegExp][] = [
    [['--subnet', 'x', 'n'], /--subnet x: it is no network/],
    [['--subnet', '10.200.0.0/31', 'n'], /no room/],
    [['--subnet', '10.200.0.0/24', '--gateway', '10.201.0.1', 'n'], /in no --subnet/],
    [['--subnet', '10.200.0.0/24', '--ip-range', '10.200.0.0/16', 'n'], /no part of/],
    [['--opt', 'color=red', 'n'], /no such option/],
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
