/** The ways to a registry: through proxies, with client certificates, with an authority given on the command line. */
import { cpSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as assert from 'uvu/assert';
import { test } from './harness/index.ts';
import { configure, trust } from './harness/registries-conf.ts';
import { sandbox } from './harness/sandbox.ts';
import { basicAuth, env, logIn, newStore, pull, refusal } from './pull-lab.ts';
import { makeClientCertificate } from './registry/certificates.ts';
import { answer, type Fault, type FaultProxy, pass, startFaultProxy } from './registry/fault-proxy.ts';
import { type ForwardProxy, startForwardProxy } from './registry/forward-proxy.ts';
import { pushLayout, seedAlpine } from './registry/make-image.ts';
import { startRegistry, type TestRegistry } from './registry/start-registry.ts';

let secure: TestRegistry;
let plain: TestRegistry;
let strict: FaultProxy;
let proxy: ForwardProxy;
let client: { cert: string; key: string };
/** "registry.test:PORT", a name that only the proxy knows. */
const named = ({ host }: TestRegistry): string => `registry.test:${host.split(':')[1]}`;

test.before(async () => {
  for (const name of ['secure', 'plain']) mkdirSync(join(sandbox.work, name));
  [secure, plain, proxy] = await Promise.all([
    startRegistry({ dir: join(sandbox.work, 'secure'), tls: true, auth: 'htpasswd' }),
    startRegistry({ dir: join(sandbox.work, 'plain') }),
    startForwardProxy(),
  ]);
  client = makeClientCertificate(dirname(secure.ca!));
  strict = await startFaultProxy(plain.url, { ...secure.server!, clientCa: secure.ca! });
  await seedAlpine(secure, sandbox.work);
  await pushLayout(plain, join(sandbox.work, 'alpine-layout'), { name: 'library/alpine:latest' });
});

test.after(async () => {
  await Promise.all([secure, plain, strict, proxy].map((server) => server?.stop()));
});

test.before.each(() => {
  configure('');
  logIn(undefined);
  proxy.requests.length = proxy.headers.length = 0;
});

test('TLS goes through a tunnel of the proxy, which sees no credentials', async () => {
  const host = named(secure);
  trust(secure, host);
  logIn({ auths: { [host]: basicAuth(secure) } });
  const proxied = { ...env, HTTPS_PROXY: proxy.url.replace('//', '//someone:pass@') };
  const { image } = await pull(newStore(), `${host}/library/alpine`, { env: proxied });
  assert.equal(image.names, [`${host}/library/alpine:latest`]);
  assert.ok(proxy.requests.length > 0);
  for (const line of proxy.requests) assert.is(line, `CONNECT ${host}`);
  for (const headers of proxy.headers) {
    assert.is(headers.authorization, undefined);
    assert.is(headers['proxy-authorization'], `Basic ${Buffer.from('someone:pass').toString('base64')}`);
  }
});

test('plain HTTP goes through the proxy too', async () => {
  const host = named(plain);
  const proxied = { ...env, http_proxy: proxy.url, https_proxy: 'http://127.0.0.1:1' };
  await pull(newStore(), `${host}/library/alpine`, { env: proxied, tlsVerify: false });
  assert.ok(
    proxy.requests.some((line) => line.startsWith(`GET http://${host}/v2/library/alpine/manifests/`)),
  );
});

test('NO_PROXY and loopback go directly', async () => {
  const proxied = { ...env, HTTPS_PROXY: proxy.url, HTTP_PROXY: proxy.url };
  await pull(newStore(), `${plain.host}/library/alpine`, { env: proxied, tlsVerify: false });
  const error = await refusal(newStore(), 'registry.test:1/x', { env: { ...proxied, NO_PROXY: '.test' } });
  assert.is(error.code, 'network');
  assert.equal(proxy.requests, []);
});

test('a proxy that cannot be reached is told', async () => {
  const error = await refusal(newStore(), `${named(secure)}/x`, {
    env: { ...env, HTTPS_PROXY: 'http://127.0.0.1:1' },
  });
  assert.is(error.code, 'network');
  assert.match(error.why!, 'connection refused');
});

test('a registry that wants a client certificate gets that of certs.d', async () => {
  const name = `${strict.host}/library/alpine`;
  trust(secure, strict.host);
  const error = await refusal(newStore(), name, { retry: { tries: 1, base: 1, longest: 1 } });
  assert.equal([error.code, error.why?.split(': ').at(-1)], ['network', 'it wants a client certificate']);
  assert.match(error.hint!, 'client.cert and client.key');
  const folder = join(sandbox.home, '.config/containers/certs.d', strict.host);
  cpSync(client.cert, join(folder, 'client.cert'));
  cpSync(client.key, join(folder, 'client.key'));
  await pull(newStore(), name);
});

test('--cert-dir takes the place of certs.d', async () => {
  const host = `localhost:${strict.host.split(':')[1]}`;
  const certDir = join(sandbox.work, 'cert-dir');
  mkdirSync(certDir);
  cpSync(secure.ca!, join(certDir, 'any.crt'));
  cpSync(client.cert, join(certDir, 'any.cert'));
  cpSync(client.key, join(certDir, 'any.key'));
  await pull(newStore(), `${host}/library/alpine`, { certDir });
  assert.is((await refusal(newStore(), `${host}/library/alpine`)).code, 'network');
});

test('the system bundle can be named as OpenSSL does', async () => {
  logIn({ auths: { [secure.host]: basicAuth(secure) } });
  await pull(newStore(), `${secure.host}/library/alpine`, { env: { ...env, SSL_CERT_FILE: secure.ca! } });
});

test('a token that runs out in the middle is renewed, once for all that wait', async () => {
  const door = await startFaultProxy(plain.url);
  let issued = 0;
  const wants =
    (token: string): Fault =>
    (response, forward, request) => {
      if (request.headers.authorization === `Bearer ${token}`) return pass(response, forward, request);
      const challenge = `Bearer realm="${door.url}/token",service="s",scope="repository:library/alpine:pull"`;
      return answer(401, { 'www-authenticate': challenge })(response, forward, request);
    };
  door.rules = [
    {
      when: /\/token/,
      fault: (response) => void response.end(JSON.stringify({ token: `token-${++issued}` })),
    },
    { when: /\/manifests\//, fault: wants('token-1') },
    { when: /\/blobs\//, fault: wants('token-2') },
  ];
  await pull(newStore(), `${door.host}/library/alpine`, { tlsVerify: false });
  await door.stop();
  assert.is(issued, 2);
  const asked = door.requests.find((line) => line.includes('/token'));
  assert.is(asked, 'GET /token?service=s&scope=repository%3Alibrary%2Falpine%3Apull');
});

test.run();
