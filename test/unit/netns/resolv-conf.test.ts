import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type DnsWish, parseResolvConf, resolvConfText } from '../../../netns/resolv-conf.ts';

const NOTHING: DnsWish = { servers: [], search: [], options: [] };
const SLIRP = { own: ['10.0.2.3'], ipv6: true };

function files(texts: Record<string, string>): (path: string) => string | undefined {
  return (path) => texts[path];
}
const etc = (text: string) => files({ '/etc/resolv.conf': text });

test("the network's own server comes first, those of the host that can be reached follow", () => {
  const host = etc(
    '# made by hand\nsearch a.example b.example\nnameserver 192.168.1.1\nnameserver 127.0.0.1\nnameserver fd00::53\noptions ndots:2 edns0\n',
  );
  assert.is(
    resolvConfText(NOTHING, SLIRP, host),
    'search a.example b.example\nnameserver 10.0.2.3\nnameserver 192.168.1.1\nnameserver fd00::53\noptions ndots:2 edns0\n',
  );
});

test('servers by link-local IPv6 are left out, and all IPv6 ones where there is no IPv6', () => {
  const host = etc('nameserver fe80::1%eth0\nnameserver fe80::1\nnameserver fd00::53\nnameserver ::1\n');
  assert.is(resolvConfText(NOTHING, SLIRP, host), 'nameserver 10.0.2.3\nnameserver fd00::53\n');
  assert.is(resolvConfText(NOTHING, { ...SLIRP, ipv6: false }, host), 'nameserver 10.0.2.3\n');
});

test("a bridge network's resolvers stay with --dns, which they ask, unless that is the container's own", () => {
  const bridge = { own: ['10.89.0.1'], ipv6: false, alone: true };
  const text = (servers: string[], reach = bridge) => resolvConfText({ ...NOTHING, servers }, reach, etc(''));
  assert.is(text(['1.2.3.4']), 'nameserver 10.89.0.1\n');
  assert.is(text(['1.2.3.4', '127.0.0.1']), 'nameserver 1.2.3.4\nnameserver 127.0.0.1\n');
  assert.is(text(['1.2.3.4'], { ...bridge, own: [] }), 'nameserver 1.2.3.4\n');
  assert.is(text(['none']), undefined);
});

test("behind systemd-resolved's stub are the servers that it asks", () => {
  const host = files({
    '/etc/resolv.conf': 'nameserver 127.0.0.53\noptions edns0 trust-ad\nsearch .\n',
    '/run/systemd/resolve/resolv.conf': 'nameserver 10.1.1.1\nsearch corp.example\n',
  });
  assert.is(
    resolvConfText(NOTHING, SLIRP, host),
    'search corp.example\nnameserver 10.0.2.3\nnameserver 10.1.1.1\n',
  );
  assert.is(
    resolvConfText(NOTHING, undefined, host),
    'nameserver 127.0.0.53\noptions edns0 trust-ad\nsearch .\n',
  );
});

test('a host without a resolver gets no public one', () => {
  assert.is(resolvConfText(NOTHING, SLIRP, files({})), 'nameserver 10.0.2.3\n');
  assert.is(resolvConfText(NOTHING, { own: [], ipv6: false }, etc('nameserver 127.0.0.1\n')), '');
});

test('--dns, --dns-search and --dns-option each replace what the host says', () => {
  const host = etc('search a.example\nnameserver 192.168.1.1\noptions ndots:2\n');
  assert.is(
    resolvConfText({ ...NOTHING, servers: ['1.2.3.4', '127.0.0.1'] }, SLIRP, host),
    'search a.example\nnameserver 1.2.3.4\nnameserver 127.0.0.1\noptions ndots:2\n',
  );
  assert.is(
    resolvConfText({ ...NOTHING, search: ['x.example', 'y.example'] }, SLIRP, host),
    'search x.example y.example\nnameserver 10.0.2.3\nnameserver 192.168.1.1\noptions ndots:2\n',
  );
  assert.is(
    resolvConfText({ ...NOTHING, search: ['.'], options: ['ndots:0'] }, SLIRP, host),
    'nameserver 10.0.2.3\nnameserver 192.168.1.1\noptions ndots:0\n',
  );
});

test("in the host's network flags change the host's file, and without any it is copied", () => {
  const host = etc('# mine\nnameserver 127.0.0.1\n');
  assert.is(resolvConfText(NOTHING, undefined, host), '# mine\nnameserver 127.0.0.1\n');
  assert.is(
    resolvConfText({ ...NOTHING, search: ['x.example'] }, undefined, host),
    'search x.example\nnameserver 127.0.0.1\n',
  );
});

test("--dns none leaves the image's file", () => {
  assert.is(resolvConfText({ ...NOTHING, servers: ['none'] }, SLIRP, etc('')), undefined);
});

test('the last search line counts, options add up, as in resolv.conf(5)', () => {
  assert.equal(
    parseResolvConf(
      'search a b\ndomain c\noptions x\noptions y z\n\tnameserver  9.9.9.9  \n;nameserver 8.8.8.8',
    ),
    {
      nameservers: ['9.9.9.9'],
      search: ['c'],
      options: ['x', 'y', 'z'],
    },
  );
});

test.run();
