import { test } from 'uvu';
import * as assert from 'uvu/assert';
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
  ['https://registry.example.com', '', false],
];
for (const [url, list, expected] of exempt) {
  test(`NO_PROXY=${list} ${expected ? 'exempts' : 'leaves'} ${url}`, () => {
    assert.is(proxyFor(new URL(url), { HTTPS_PROXY: P, NO_PROXY: list }), expected ? undefined : P);
  });
}

test.run();
