import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { portsText } from '../../../../cli/ps/ports.ts';
import type { recordOf } from '../../core/container/fixtures.ts';

type Ports = ReturnType<typeof recordOf>['network']['ports'];

const port = (hostIp: string, hostPort: number, containerPort: number, protocol: 'tcp' | 'udp' = 'tcp') => ({
  hostIp,
  hostPort,
  containerPort,
  protocol,
});
const text = (ports: Ports, exposed: string[] = []) =>
  portsText({ network: { mode: 'slirp4netns', ports, exposed, operations: [], address: undefined } });

test('neighbours are shown together', () => {
  const ports = [port('0.0.0.0', 8081, 81), port('0.0.0.0', 8080, 80), port('0.0.0.0', 8082, 82)];
  assert.is(text(ports), '0.0.0.0:8080-8082->80-82/tcp');
});

test('what differs in address, protocol or distance stays apart', () => {
  const ports = [
    port('0.0.0.0', 8080, 80),
    port('127.0.0.1', 8081, 81),
    port('0.0.0.0', 9000, 82),
    port('0.0.0.0', 8081, 81, 'udp'),
  ];
  assert.is(
    text(ports),
    '0.0.0.0:8080->80/tcp, 0.0.0.0:8081->81/udp, 127.0.0.1:8081->81/tcp, 0.0.0.0:9000->82/tcp',
  );
});

test('IPv6 is in brackets; what is only exposed comes behind', () => {
  assert.is(
    text([port('::1', 53, 53, 'udp')], ['53/udp', '80/tcp', '81/tcp', '90/udp']),
    '[::1]:53->53/udp, 80-81/tcp, 90/udp',
  );
  assert.is(text([]), '');
});

test.run();
