import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hostsText, parseAddHost } from '../../../netns/hosts.ts';

const WISH = { names: ['box', 'web'], address: '10.0.2.100', hostAddress: '192.0.2.2', extra: [] };

test('loopback, the container and the host are in the file', () => {
  const lines = hostsText(WISH).split('\n');
  assert.ok(lines.includes('127.0.0.1\tlocalhost'));
  assert.ok(lines.includes('::1\tlocalhost ip6-localhost ip6-loopback'));
  assert.ok(lines.includes('10.0.2.100\tbox web'));
  assert.ok(lines.includes('192.0.2.2\thost.containers.internal host.docker.internal'));
  assert.is(lines.at(-1), '');
});

test('without a way to the host its names are left out', () => {
  assert.not.match(hostsText({ ...WISH, hostAddress: undefined }), /internal/);
});

test('--add-host lines stand first, and take names away from ours', () => {
  const text = hostsText({
    ...WISH,
    extra: [
      parseAddHost('host.docker.internal:10.1.1.1'),
      parseAddHost('web;api:fd00::7'),
      parseAddHost('gw:host-gateway'),
    ],
  });
  assert.equal(text.split('\n').slice(0, 3), [
    '10.1.1.1\thost.docker.internal',
    'fd00::7\tweb api',
    '192.0.2.2\tgw',
  ]);
  assert.match(text, /^10\.0\.2\.100\tbox$/m);
  assert.match(text, /^192\.0\.2\.2\thost\.containers\.internal$/m);
});

test("the host's own file is where the host's network starts from", () => {
  const text = hostsText({ ...WISH, base: '127.0.0.1 localhost\n10.5.5.5 nas\n\n' });
  assert.ok(text.startsWith('127.0.0.1 localhost\n10.5.5.5 nas\n10.0.2.100\tbox web\n'));
});

test('one name for host and container stands once', () => {
  assert.match(hostsText({ ...WISH, names: ['box', 'box'] }), /^10\.0\.2\.100\tbox$/m);
});

test('--add-host is read in all of its forms', () => {
  assert.equal(parseAddHost('a:1.2.3.4'), { names: ['a'], address: '1.2.3.4' });
  assert.equal(parseAddHost('a=1.2.3.4'), { names: ['a'], address: '1.2.3.4' });
  assert.equal(parseAddHost('a:::1'), { names: ['a'], address: '::1' });
  assert.equal(parseAddHost('a:[fd00::1]'), { names: ['a'], address: 'fd00::1' });
  assert.equal(parseAddHost('a;b.c;d_e:1.2.3.4').names, ['a', 'b.c', 'd_e']);
});

test('what could add lines of its own, or is no address, is refused', () => {
  for (const bad of [
    '',
    'a',
    'a:',
    ':1.2.3.4',
    'a:1.2.3',
    'a b:1.2.3.4',
    'a\n6.6.6.6 b:1.2.3.4',
    'a:1.2.3.4\n',
    'a;:1.2.3.4',
    'a:host',
  ])
    assert.throws(
      () => parseAddHost(bad),
      (error: { code: string }) => error.code === 'usage',
      bad,
    );
});

test('host-gateway without a way to the host says which flag helps', () => {
  assert.throws(
    () => hostsText({ ...WISH, hostAddress: undefined, extra: [parseAddHost('gw:host-gateway')] }),
    (error: { hint: string }) => error.hint.includes('allow_host_loopback'),
  );
});

test.run();
