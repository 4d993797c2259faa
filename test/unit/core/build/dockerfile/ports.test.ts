import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { exposedPorts } from '../../../../../core/build/dockerfile/ports.ts';
import { refusal } from './reading.ts';

test('ports have a protocol, ranges are every port of them', () => {
  assert.equal(exposedPorts(['80', '53/UDP', '8000-8002/sctp', '80/tcp']), [
    '80/tcp',
    '53/udp',
    '8000/sctp',
    '8001/sctp',
    '8002/sctp',
  ]);
});

test('what is before a colon means nothing', () => {
  assert.equal(exposedPorts(['127.0.0.1:8080:80', '[::1]::81/udp']), ['80/tcp', '81/udp']);
});

test('what is no port is refused', () => {
  for (const text of ['', 'http', '80/icmp', '70000', '90-80', '80-', '-80', '80/', '1e3'])
    assert.is(
      refusal(() => exposedPorts([text])),
      `cannot expose ${JSON.stringify(text)}: it is no port | write it as 80, 80/udp or 8000-8010/tcp`,
    );
});

test.run();
