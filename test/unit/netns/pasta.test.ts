import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { PodError } from '../../../core/error.ts';
import { checkPastaPorts, findPasta, pastaPlan, pastaResolver } from '../../../netns/pasta.ts';
import { parsePastaOptions, pastaAddress } from '../../../netns/pasta-options.ts';
import type { PortMapping } from '../../../netns/port.ts';

const DEFAULT_PASTA = parsePastaOptions('');
const BASE = { program: '/usr/bin/pasta', options: DEFAULT_PASTA, ports: [], resolver: undefined };
const START = ['network-helper-inside', '/usr/bin/pasta', '--foreground', '--quiet', '--config-net'];
const END = [
  ...['--pid', '/proc/self/fd/1', '--no-netns-quit', '--netns-only'],
  ...['--netns', '/proc/self/fd/0'],
];
const port = (change: Partial<PortMapping>): PortMapping => ({
  hostIp: '0.0.0.0',
  hostPort: 8080,
  containerPort: 80,
  protocol: 'tcp',
  ...change,
});
/** The words of the one operation that aren't the same for all. */
const between = (plan: string[][]): string => {
  assert.is(plan.length, 1);
  assert.equal(plan[0]!.slice(0, START.length), START);
  assert.equal(plan[0]!.slice(-END.length), END);
  return plan[0]!.slice(START.length, -END.length).join(' ');
};

test('without options nothing is forwarded and the gateway is not the host', () => {
  assert.is(between(pastaPlan(BASE)), '--no-map-gw -t none -u none -T none -U none');
});

test('each port is one word, at its own address', () => {
  const ports = [
    port({}),
    port({ hostIp: '::1', hostPort: 8081 }),
    port({ hostIp: '127.0.0.1', hostPort: 53, containerPort: 5353, protocol: 'udp' }),
  ];
  assert.is(
    between(pastaPlan({ ...BASE, ports, resolver: '169.254.1.1' })),
    '--no-map-gw --dns-forward 169.254.1.1 -t 0.0.0.0/8080:80 -t ::1/8081:80 -u 127.0.0.1/53:5353 -T none -U none',
  );
});

test('all of IPv4 and IPv6 is one word without an address', () => {
  const ports = [port({}), port({ hostIp: '::' })];
  assert.is(between(pastaPlan({ ...BASE, ports })), '--no-map-gw -t 8080:80 -u none -T none -U none');
});

test("what pasta can't publish is refused", () => {
  const refused = (...ports: PortMapping[]) => {
    try {
      checkPastaPorts(ports);
    } catch (error) {
      return String((error as PodError).why);
    }
    return 'nothing';
  };
  assert.match(refused(port({ protocol: 'sctp' })), /no SCTP/);
  assert.match(refused(port({ hostIp: '127.0.0.1' }), port({ hostIp: '127.0.0.2' })), /once/);
  assert.match(refused(port({}), port({ hostIp: '::', containerPort: 81 })), /once/);
  assert.is(refused(port({}), port({ protocol: 'udp' })), 'nothing');
});

test('options are passed on, and what they say is not said again', () => {
  const options = parsePastaOptions('--map-gw,-t,auto,--udp-ns=53,-m,1500');
  assert.is(between(pastaPlan({ ...BASE, options })), '-t auto --udp-ns=53 -m 1500 -u none -T none');
  assert.is(pastaAddress(parsePastaOptions('-a,fd00::5,-a,10.0.2.100')), '10.0.2.100');
  assert.is(pastaAddress(parsePastaOptions('--address=10.0.2.7')), '10.0.2.7');
  assert.is(pastaAddress(DEFAULT_PASTA), undefined);
});

test('what would be a command, or is decided here, is refused', () => {
  for (const text of ['sh', '-4,-m,1500,sh', '-t,80,', '--netns,/x', '--netns=/x', '-P,/x', '--runas,0'])
    assert.throws(
      () => parsePastaOptions(text),
      (error: Error) => /cannot use --network pasta:/.test(error.message),
      text,
    );
});

test("the host's resolver is forwarded to where there is one, and IPv4", () => {
  assert.is(pastaResolver(DEFAULT_PASTA, ['127.0.0.53']), '169.254.1.1');
  assert.is(pastaResolver(DEFAULT_PASTA, []), undefined);
  assert.is(pastaResolver(parsePastaOptions('-6'), ['127.0.0.53']), undefined);
  assert.is(pastaResolver(parsePastaOptions('--dns-forward,10.0.2.3'), ['127.0.0.53']), undefined);
});

test('a program that is not there is named with its package', () => {
  // Distributions have it where it is always looked for: only an empty system lacks it.
  try {
    assert.match(findPasta('/nowhere'), /pasta$/);
  } catch (error) {
    assert.match(String(error), /pasta is not installed/);
  }
});

test.run();
