/** Pulls through bad networks and from bad registries: each ends right, or with one clear error. */

import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { listImages } from '../../core/images/list.ts';
import type { PullOptions } from '../../core/images/pull/pull-options.ts';
import { eventually, test } from './harness/index.ts';
import { configure, trust } from './harness/registries-conf.ts';
import { sandbox } from './harness/sandbox.ts';
import { basicAuth, contents, env, logIn, newStore, pull, refusal } from './pull-lab.ts';
import {
  answer,
  corrupt,
  cutAfter,
  drip,
  type FaultProxy,
  flood,
  hangAfter,
  shortenTo,
  startFaultProxy,
  withoutRanges,
} from './registry/fault-proxy.ts';
import { pushLayout, tarOf, writeLayout } from './registry/make-image.ts';
import { startRegistry, type TestRegistry } from './registry/start-registry.ts';

let registry: TestRegistry;
let proxy: FaultProxy;
let elsewhere: FaultProxy;
let unencrypted: FaultProxy;
let name: string;
let layers: string[];

const BLOB = /^GET .*\/blobs\//;
const MANIFEST = /^GET .*\/manifests\//;
/** The first layer's requests. */
const layer = (): RegExp => new RegExp(`^GET .*/blobs/${layers[0]}`);

test.before(async () => {
  const dir = join(sandbox.work, 'registry');
  mkdirSync(dir);
  registry = await startRegistry({ dir, tls: true, auth: 'htpasswd' });
  proxy = await startFaultProxy(registry.url, registry.server);
  elsewhere = await startFaultProxy(registry.url, registry.server);
  unencrypted = await startFaultProxy(registry.url);
  const tree = join(sandbox.work, 'tree');
  mkdirSync(tree);
  const tars = ['one', 'two'].map((text) => {
    // Random, so that a megabyte stays one when it is packed.
    writeFileSync(join(tree, 'data'), randomBytes(1 << 20));
    writeFileSync(join(tree, 'text'), text);
    return tarOf(tree);
  });
  const layout = join(sandbox.work, 'layout');
  writeLayout(layout, [{ layers: tars.map((tar) => ({ tar })) }]);
  await pushLayout(registry, layout, { name: 'app:1' });
  name = `${proxy.host}/app:1`;
  trust(registry, proxy.host);
  logIn({ auths: { [proxy.host]: basicAuth(registry) } });
  configure('');
  const { image } = await pull(newStore(), name);
  layers = image.layers.map(({ digest }) => digest);
});

test.after(async () => {
  await Promise.all([registry, proxy, elsewhere, unencrypted].map((server) => server?.stop()));
});

test.before.each(() => {
  for (const one of [proxy, elsewhere, unencrypted]) one.forget();
});

/** Pulls into an empty store and checks that it is all there. */
async function good(options: Partial<PullOptions> = {}): ReturnType<typeof pull> {
  const paths = newStore();
  const pulled = await pull(paths, name, options);
  for (const diffId of pulled.image.diffIds) {
    assert.is(readFileSync(join(paths.layers, diffId.slice(7), 'fs/data')).length, 1 << 20);
  }
  assert.equal(readdirSync(paths.partial), []);
  return pulled;
}

test('429 is waited out as long as Retry-After says', async () => {
  proxy.rules = [{ when: MANIFEST, times: 1, fault: answer(429, { 'retry-after': '1' }) }];
  const start = Date.now();
  await good();
  assert.ok(Date.now() - start >= 1000);
});

test('429 that asks for more than anybody waits is an error at once', async () => {
  proxy.rules = [{ when: MANIFEST, fault: answer(429, { 'retry-after': '3600' }) }];
  const error = await refusal(newStore(), name);
  assert.is(error.code, 'network');
  assert.match(error.why!, '429 too many requests');
});

test('500, 502, 503 and 504 that pass are tried again', async () => {
  proxy.rules = [500, 502, 503, 504].flatMap((status) => [
    { when: [MANIFEST, BLOB][status % 2]!, times: 1, fault: answer(status) },
  ]);
  await good();
});

test('500 that stays is one error, after a bounded number of tries', async () => {
  const message = JSON.stringify({ errors: [{ code: 'UNKNOWN', message: 'disk \u001b[31mfull' }] });
  proxy.rules = [{ when: layer(), fault: answer(500, {}, message) }];
  const paths = newStore();
  const error = await refusal(paths, name);
  assert.is(error.code, 'network');
  assert.match(error.why!, '500 the registry fails (disk ?[31mfull)');
  assert.is(proxy.requests.filter((line) => layer().test(line)).length, 4);
  assert.equal(listImages(paths), []);
});

test('a connection that is reset in the middle of a layer is gone on with there', async () => {
  proxy.rules = [{ when: layer(), times: 1, fault: cutAfter(400_000) }];
  const { progress } = await good();
  const range = proxy.requests.find((line) => / bytes=\d+-$/.test(line));
  assert.match(range ?? '', layer());
  assert.not.match(range!, 'bytes=0-');
  assert.ok(progress.some(({ kind }) => kind === 'retry'));
});

test('a layer that comes in many short pieces arrives, since each gets further', async () => {
  proxy.rules = [{ when: layer(), times: 10, fault: cutAfter(90_000) }];
  await good();
});

test('a layer that never gets further is given up', async () => {
  proxy.rules = [{ when: layer(), fault: cutAfter(0) }];
  const error = await refusal(newStore(), name);
  assert.is(error.code, 'network');
  assert.match(error.why!, 'the connection was cut');
});

test('a short body that claims to be whole is completed', async () => {
  proxy.rules = [{ when: layer(), times: 1, fault: shortenTo(300_000) }];
  await good();
});

test('a body that is always short is an error that says so', async () => {
  proxy.rules = [{ when: layer(), fault: shortenTo(0) }];
  const error = await refusal(newStore(), name);
  assert.is(error.code, 'network');
  assert.match(error.why!, /it ended after 0 of \d+ bytes/);
});

test('a registry without ranges serves a resumed layer from its start', async () => {
  proxy.rules = [
    { when: layer(), times: 1, fault: cutAfter(500_000) },
    { when: layer(), fault: withoutRanges },
  ];
  await good();
});

test('a layer of another digest is refused and leaves nothing', async () => {
  proxy.rules = [{ when: layer(), fault: corrupt }];
  const paths = newStore();
  const error = await refusal(paths, name);
  assert.is(error.code, 'invalid');
  assert.match(error.why!, /digest|damaged|gzip|decompress/);
  assert.equal(contents(paths), []);
});

test('a layer that is longer than its manifest says is refused', async () => {
  proxy.rules = [
    {
      when: layer(),
      fault: async (response, forward) => {
        const { body } = await forward();
        response.writeHead(200).end(Buffer.concat([body, Buffer.alloc(100)]));
      },
    },
  ];
  const error = await refusal(newStore(), name);
  assert.is(error.code, 'invalid');
  assert.match(error.why!, 'longer than its');
});

test('a manifest and a config of another digest are refused', async () => {
  proxy.rules = [{ when: MANIFEST, fault: corrupt }];
  const first = await refusal(newStore(), name);
  assert.is(first.code, 'invalid');
  assert.match(first.why!, 'its digest is');
  proxy.rules = [{ when: BLOB, fault: corrupt }];
  assert.is((await refusal(newStore(), name)).code, 'invalid');
});

test('a pull that was cut off goes on where it was, in another process even', async () => {
  const paths = newStore();
  proxy.rules = [
    { when: layer(), times: 1, fault: cutAfter(600_000) },
    { when: layer(), fault: answer(503) },
  ];
  assert.is((await refusal(paths, name)).code, 'network');
  assert.is(readdirSync(paths.partial).length, 1);
  proxy.forget();
  await pull(paths, name);
  const resumed = proxy.requests.filter((line) => layer().test(line));
  assert.is(resumed.length, 1);
  assert.match(resumed[0]!, /bytes=[1-9]\d{4,}-$/);
  assert.not.ok(
    proxy.requests.some((line) => line.includes(layers[1]!)),
    'the other layer is there already',
  );
});

test('a leftover of a download that does not fit is dropped', async () => {
  const paths = newStore();
  mkdirSync(paths.partial, { recursive: true });
  writeFileSync(join(paths.partial, layers[0]!.slice(7)), 'rubbish');
  await pull(paths, name);
  assert.equal(readdirSync(paths.partial), []);
});

test('a redirect to another host gets no credentials', async () => {
  proxy.rules = [
    {
      when: BLOB,
      fault: (response, _, request) => {
        response.writeHead(307, { location: `${elsewhere.url}${request.url}?X-Signature=geheim` }).end();
      },
    },
  ];
  const password = `Basic ${basicAuth(registry).auth}`;
  elsewhere.rules = [
    {
      when: /./,
      fault: async (response, forward, request) => {
        const { status, headers, body } = await forward({ ...request.headers, authorization: password });
        response.writeHead(status, headers).end(body);
      },
    },
  ];
  await good();
  assert.is(elsewhere.requests.length, 3);
  for (const headers of elsewhere.headers) assert.is(headers.authorization, undefined);
  assert.ok(proxy.headers.some((headers) => headers.authorization === password));
});

test('a redirected request that fails does not tell the signed address', async () => {
  const location = `${elsewhere.url}/blob?X-Signature=geheim`;
  proxy.rules = [{ when: BLOB, fault: answer(307, { location }) }];
  elsewhere.rules = [{ when: /./, fault: answer(403) }];
  const error = await refusal(newStore(), name);
  assert.is(error.code, 'denied');
  for (const text of [error.message, error.why, error.hint, String(error.cause)])
    assert.not.match(text ?? '', 'geheim');
});

test('a redirect from https to http is refused', async () => {
  proxy.rules = [{ when: BLOB, fault: answer(302, { location: `${unencrypted.url}/blob` }) }];
  const error = await refusal(newStore(), name);
  assert.match(error.why!, 'from https to http');
  assert.equal(unencrypted.requests, []);
});

test('redirects in a circle end', async () => {
  proxy.rules = [
    {
      when: MANIFEST,
      fault: (response, _, request) => void response.writeHead(301, { location: request.url }).end(),
    },
  ];
  const error = await refusal(newStore(), name);
  assert.match(error.why!, 'redirects too often');
  assert.is(proxy.requests.length, 11);
});

test('a token server without TLS is not trusted with anything', async () => {
  const challenge = `Bearer realm="${unencrypted.url}/token",service="x",scope="repository:app:pull"`;
  proxy.rules = [{ when: MANIFEST, fault: answer(401, { 'www-authenticate': challenge }) }];
  const error = await refusal(newStore(), name);
  assert.is(error.code, 'denied');
  assert.match(error.why!, 'not on https');
  assert.equal(unencrypted.requests, []);
});

test('a slow drip is read to its end', async () => {
  proxy.rules = [{ when: layer(), fault: drip(20_000, 20) }];
  await good();
});

test('a drip of nearly nothing counts as silence', async () => {
  proxy.rules = [{ when: MANIFEST, fault: drip(1, 50) }];
  const error = await refusal(newStore(), name, {
    env: { ...env, TSC_POD_REGISTRY_TIMEOUT: '1' },
    retry: { tries: 1, base: 1, longest: 1 },
  });
  assert.is(error.code, 'network');
  assert.match(error.why!, 'silent for 1 s while sending');
});

test('a registry that hangs is an error after the waiting time', async () => {
  proxy.rules = [{ when: MANIFEST, fault: hangAfter() }];
  const start = Date.now();
  const error = await refusal(newStore(), name, { env: { ...env, TSC_POD_REGISTRY_TIMEOUT: '1' } });
  assert.is(error.code, 'network');
  assert.match(error.why!, 'silent for 1 s while answering');
  assert.match(error.hint!, 'TSC_POD_REGISTRY_TIMEOUT');
  assert.ok(Date.now() - start < 20_000, 'not the usual time');
});

test('a layer that stalls is asked for again from there', async () => {
  proxy.rules = [{ when: layer(), times: 1, fault: hangAfter(700_000) }];
  const { progress } = await good({ env: { ...env, TSC_POD_REGISTRY_TIMEOUT: '2' } });
  assert.match(progress.find(({ kind }) => kind === 'retry')?.note ?? '', 'silent for 2 s');
});

test('a manifest of 100 MB is refused without reading it', async () => {
  for (const headers of [{ 'content-length': String(100 << 20) }, {}]) {
    const sent = { bytes: 0 };
    proxy.rules = [{ when: MANIFEST, fault: flood(100 << 20, headers, sent) }];
    const error = await refusal(newStore(), name);
    assert.is(error.code, 'invalid');
    assert.match(error.why!, 'larger than 4 MiB');
    assert.ok(sent.bytes < 20 << 20, `${sent.bytes} bytes were sent`);
  }
});

test('an endless token answer is refused', async () => {
  const challenge = `Bearer realm="${proxy.url}/token",service="x"`;
  const sent = { bytes: 0 };
  proxy.rules = [
    { when: MANIFEST, fault: answer(401, { 'www-authenticate': challenge }) },
    { when: /token/, fault: flood(100 << 20, {}, sent) },
  ];
  const error = await refusal(newStore(), name);
  assert.match(error.why!, 'larger than 256 KiB');
});

test('a token that the registry refuses is renewed once, not for ever', async () => {
  const challenge = `Bearer realm="${proxy.url}/token",service="x"`;
  proxy.rules = [
    { when: MANIFEST, fault: answer(401, { 'www-authenticate': challenge }) },
    { when: /token/, fault: answer(200, {}, '{"token":"abc"}') },
  ];
  const error = await refusal(newStore(), name);
  assert.is(error.code, 'denied');
  assert.is(proxy.requests.filter((line) => line.includes('/token')).length, 1);
  assert.is(proxy.requests.filter((line) => MANIFEST.test(line)).length, 2);
});

test('a mirror that fails is told and passed over', async () => {
  configure(
    `[[registry]]\nprefix = "${registry.host}"\n[[registry.mirror]]\nlocation = "${proxy.host}"\n` +
      `[[registry.mirror]]\nlocation = "127.0.0.1:1"\n`,
  );
  trust(registry);
  logIn({ auths: { [proxy.host]: basicAuth(registry), [registry.host]: basicAuth(registry) } });
  proxy.rules = [{ when: layer(), fault: corrupt }];
  const { image, notices } = await pull(newStore(), `${registry.host}/app:1`);
  assert.equal(image.names, [`${registry.host}/app:1`]);
  assert.is(notices.length, 2);
  configure('');
});

test('an interrupted pull ends at once and keeps what it has', async () => {
  const paths = newStore();
  const stop = new AbortController();
  proxy.rules = [{ when: layer(), fault: hangAfter(500_000) }];
  const refused = refusal(paths, name, { signal: stop.signal });
  await eventually(
    () => existsSync(paths.partial) && readdirSync(paths.partial).includes(layers[0]!.slice(7)),
  );
  const start = Date.now();
  stop.abort();
  assert.is((await refused).code, 'interrupted');
  assert.ok(Date.now() - start < 10_000);
  assert.ok(readdirSync(paths.partial).includes(layers[0]!.slice(7)));
});

test.run();
