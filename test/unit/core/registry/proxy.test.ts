import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { PodError } from '../../../../core/error.ts';
import { proxyFor } from '../../../../core/registry/proxy.ts';

const https = new URL('https://registry.example.com:5000/v2/');
const P = 'http://proxy:3128';

test('each scheme has its variable, lower case first', () => {
  assert.is(proxyFor(https, {}), undefined);
  assert.is(proxyFor(https, { HTTPS_PROXY: P }), P);
  assert.is(proxyFor(https, { HTTP_PROXY: P }), undefined);
  assert.is(proxyFor(https, { HTTPS_PROXY: P, https_proxy: 'http://other:1' }), 'http://other:1');
  assert.is(proxyFor(https, { ALL_PROXY: P }), P);
  const http = new URL('http://registry.example.com/');
  assert.is(proxyFor(http, { HTTP_PROXY: P }), P);
  assert.is(proxyFor(http, { HTTP_PROXY: P, REQUEST_METHOD: 'GET' }), undefined);
});

test('a proxy without a scheme is an HTTP proxy', () => {
  assert.is(proxyFor(https, { https_proxy: 'proxy:3128' }), P);
});

test('loopback is never proxied', () => {
  for (const host of ['localhost', '127.0.0.1', '127.9.9.9', '[::1]']) {
    assert.is(proxyFor(new URL(`https://${host}:5000`), { HTTPS_PROXY: P }), undefined);
  }
});

const exempt: [string, string, boolean][] = [
  ['https://registry.example.com', '*', true],
  ['https://registry.example.com', 'example.com', true],
  ['https://registry.example.com', '.example.com', true],
  ['https://registry.example.com', '*.example.com', true],
  ['https://registry.example.com', 'registry.example.com', true],
  ['https://registry.example.com', 'other.org, Registry.Example.Com', true],
  ['https://registry.example.com', 'ample.com', false],
  ['https://registry.example.com', 'registry.example.com:5000', false],
  ['https://registry.example.com:5000', 'registry.example.com:5000', true],
  ['https://registry.example.com', 'example.com:443', true],
  ['https://10.1.2.3', '10.0.0.0/8', true],
  ['https://11.1.2.3', '10.0.0.0/8', false],
  ['https://10.1.2.3', '10.1.2.3', true],
  ['https://[fd00::5]', 'fd00::/16', true],
  ['https://[fd01::5]', 'fd00::/16', false],
  ['https://[fd00::5]', 'fd00::5', true],
  ['https://[fd00::5]:81', '[fd00::5]:81', true],
  ['https://registry.example.com', '10.0.0.0/8,rubbish/99,/', false],
  ['https://10.1.2.3', '192.168.0.0/', false],
  ['https://registry.example.com', '', false],
];
for (const [url, list, expected] of exempt) {
  test(`NO_PROXY=${list} ${expected ? 'exempts' : 'leaves'} ${url}`, () => {
    assert.is(proxyFor(new URL(url), { HTTPS_PROXY: P, NO_PROXY: list }), expected ? undefined : P);
  });
}

test('a proxy that cannot be used is an error, never a way past it, and its password is not told', () => {
  for (const [proxy, code, why] of [
    [
      'socks5://user:sekret@127.0.0.1:1080',
      'unsupported',
      'it is socks5://, and only HTTP proxies are known',
    ],
    ['http://user:sekret@host:99999', 'usage', 'its address is none'],
    ['user:sekret@ho st', 'usage', 'its address is none'],
  ] as const) {
    let error: PodError | undefined;
    try {
      proxyFor(new URL('https://quay.io/v2/'), { ALL_PROXY: proxy });
    } catch (thrown) {
      error = thrown as PodError;
    }
    assert.equal([error?.code, error?.why], [code, why]);
    assert.not.match(
      JSON.stringify([error?.message, error?.why, error?.hint, String(error?.cause)]),
      'sekret',
    );
    assert.is(proxyFor(new URL('https://quay.io/v2/'), { ALL_PROXY: proxy, NO_PROXY: 'quay.io' }), undefined);
  }
});

test.run();
