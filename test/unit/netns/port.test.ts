import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { PodError } from '../../../core/error.ts';
import {
  formatHostPort,
  type PortRequest,
  parseExpose,
  parsePublish,
  requestsForExposed,
} from '../../../netns/port.ts';

const tcp = (hostIp: string, hostPorts: PortRequest['hostPorts'], containerPort: number): PortRequest => ({
  hostIp,
  hostPorts,
  containerPort,
  protocol: 'tcp',
});

function fails(text: string, why: RegExp): void {
  try {
    parsePublish(text);
  } catch (error) {
    const { code, why: said = '' } = error as PodError;
    assert.is(code, 'usage', text);
    assert.match(said, why, text);
    return;
  }
  assert.unreachable(text);
}

test('each of the short forms of -p is read', () => {
  assert.equal(parsePublish('80'), [tcp('0.0.0.0', undefined, 80)]);
  assert.equal(parsePublish('8080:80'), [tcp('0.0.0.0', [8080, 8080], 80)]);
  assert.equal(parsePublish('127.0.0.1:8080:80'), [tcp('127.0.0.1', [8080, 8080], 80)]);
  assert.equal(parsePublish('127.0.0.1::80'), [tcp('127.0.0.1', undefined, 80)]);
  assert.equal(parsePublish('0:80'), [tcp('0.0.0.0', undefined, 80)]);
  assert.equal(parsePublish('::80'), [tcp('0.0.0.0', undefined, 80)]);
  assert.equal(parsePublish('[::1]:8080:80'), [tcp('::1', [8080, 8080], 80)]);
  assert.equal(parsePublish('[fd00::1]::80'), [tcp('fd00::1', undefined, 80)]);
});

test('a protocol follows the slash, in any case', () => {
  assert.is(parsePublish('53:53/udp')[0]?.protocol, 'udp');
  assert.is(parsePublish('53:53/UDP')[0]?.protocol, 'udp');
  assert.is(parsePublish('53/sctp')[0]?.protocol, 'sctp');
  fails('53/icmp', /icmp is none of tcp, udp, sctp/);
  fails('53/', /an empty word/);
});

test('ranges of one length pair up', () => {
  assert.equal(parsePublish('8000-8002:80-82'), [
    tcp('0.0.0.0', [8000, 8000], 80),
    tcp('0.0.0.0', [8001, 8001], 81),
    tcp('0.0.0.0', [8002, 8002], 82),
  ]);
  assert.equal(parsePublish('80-81'), [tcp('0.0.0.0', undefined, 80), tcp('0.0.0.0', undefined, 81)]);
  fails('8000-8001:80-82', /2 ports of the host's for 3 of the container's/);
  fails('8000:80-82', /1 ports? of the host's for 3/);
});

test('a range of the host for one port of the container is a choice', () => {
  assert.equal(parsePublish('8000-8010:80'), [tcp('0.0.0.0', [8000, 8010], 80)]);
});

test("docker's long form is the same", () => {
  assert.equal(parsePublish('target=80'), parsePublish('80'));
  assert.equal(parsePublish('published=8080,target=80,protocol=udp,mode=host'), parsePublish('8080:80/udp'));
  assert.equal(parsePublish('host_ip=::1,published=8080,target=80'), parsePublish('[::1]:8080:80'));
  fails('published=80', /no target=PORT/);
  fails('target=80,foo=1', /foo=1 is none of/);
});

test('what is no port is refused with the word that is wrong', () => {
  fails('', /no port of the container/);
  fails('8080:', /no port of the container/);
  fails('0', /0 is not a port/);
  fails('65536', /65536 is not a port/);
  fails('82-80', /82-80 is not a port/);
  fails('99999:80', /99999 is not a port/);
  fails('web:80', /web is not a port/);
  fails('1.2.3:80:80', /1\.2\.3 is not an IP address/);
  fails('::1:8080:80', /\[ADDRESS:\]\[HOST:\]CONTAINER/);
  fails('[::1]:80', /\[ADDRESS:\]\[HOST:\]CONTAINER/);
  fails('[nonsense]:1:80', /\[nonsense\] is not an IP address/);
  fails('80 ', /is not a port/);
  fails('8080:80\n', /is not a port/);
  fails('1:2:3:4', /\[ADDRESS:\]\[HOST:\]CONTAINER|not an IP address/);
});

test('exposed ports are read, with ranges', () => {
  assert.equal(parseExpose('80'), [{ port: 80, protocol: 'tcp' }]);
  assert.equal(parseExpose('53/udp'), [{ port: 53, protocol: 'udp' }]);
  assert.equal(parseExpose('80-81/tcp'), [
    { port: 80, protocol: 'tcp' },
    { port: 81, protocol: 'tcp' },
  ]);
  for (const bad of ['', 'x', '80/', '80/tcp/udp', '70000', '2-1'])
    assert.throws(() => parseExpose(bad), bad);
});

test('-P publishes what is exposed and not yet published', () => {
  const exposed = [...parseExpose('80-82'), ...parseExpose('80'), ...parseExpose('80/udp')];
  assert.equal(
    requestsForExposed(exposed, parsePublish('8080:81')).map((one) => `${one.containerPort}/${one.protocol}`),
    ['80/tcp', '82/tcp', '80/udp'],
  );
});

test('a port of the host is shown as docker shows it', () => {
  assert.is(formatHostPort({ hostIp: '::1', hostPort: 53, protocol: 'udp' }), '[::1]:53/udp');
});

test.run();
