/** Pushes through bad networks and to bad registries: each ends right, or with one clear error. */

import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { blobPath } from '../../core/images/layout.ts';
import type { Paths } from '../../core/paths.ts';
import { eventually, test } from './harness/index.ts';
import { configure, trust } from './harness/registries-conf.ts';
import { sandbox } from './harness/sandbox.ts';
import { basicAuth, env, logIn, newStore, pull } from './pull-lab.ts';
import { push, pushRefusal } from './push-lab.ts';
import {
  answer,
  cutAfterTaking,
  type FaultProxy,
  hangAfter,
  refuse,
  relocate,
  sip,
  startFaultProxy,
} from './registry/fault-proxy.ts';
import { pushLayout, tarOf, writeLayout } from './registry/make-image.ts';
import { type MemoryRegistry, startMemoryRegistry } from './registry/memory-registry.ts';
import { startRegistry, type TestRegistry } from './registry/start-registry.ts';

let registry: TestRegistry;
let proxy: FaultProxy;
let elsewhere: FaultProxy;
let unencrypted: FaultProxy;
let memory: MemoryRegistry;
let paths: Paths;
let image: string;
let layers: string[];
let repositories = 0;

const START = /^POST .*\/blobs\/uploads\//;
const UPLOAD = /^(?:PUT|PATCH) .*\/blobs\/uploads\//;
const MANIFEST = /^PUT .*\/manifests\//;
/** What brings the first layer. */
const layer = (): RegExp => new RegExp(`^PUT .*digest=sha256%3A${layers[0]!.slice(7)}`);
const sent = (what: RegExp): number => proxy.requests.filter((line) => what.test(line)).length;

test.before(async () => {
  const dir = join(sandbox.work, 'registry');
  mkdirSync(dir);
  registry = await startRegistry({ dir, tls: true, auth: 'htpasswd' });
  [proxy, elsewhere, unencrypted, memory] = await Promise.all([
    startFaultProxy(registry.url, registry.server),
    startFaultProxy(registry.url, registry.server),
    startFaultProxy(registry.url),
    startMemoryRegistry(),
  ]);
  const tree = join(sandbox.work, 'tree');
  mkdirSync(tree);
  const tars = ['one', 'two'].map((text) => {
    writeFileSync(join(tree, 'data'), randomBytes(1 << 20));
    writeFileSync(join(tree, 'text'), text);
    return tarOf(tree);
  });
  const layout = join(sandbox.work, 'layout');
  writeLayout(layout, [{ layers: tars.map((tar) => ({ tar })) }]);
  await pushLayout(registry, layout, { name: 'app:1' });
  trust(registry, proxy.host, registry.host);
  logIn({ auths: { [proxy.host]: basicAuth(registry), [registry.host]: basicAuth(registry) } });
  configure(`[[registry]]\nlocation = "${memory.host}"\ninsecure = true\n`);
  paths = newStore();
  image = `${registry.host}/app:1`;
  const pulled = await pull(paths, image);
  layers = pulled.image.layers.map(({ digest }) => digest);
});

test.after(async () => {
  await Promise.all([registry, proxy, elsewhere, unencrypted, memory].map((server) => server?.stop()));
});

test.before.each(() => {
  for (const one of [proxy, elsewhere, unencrypted, memory]) one.forget();
});

/** A repository that has nothing yet. */
const fresh = (): string => `${proxy.host}/team/app${++repositories}:1`;
const inMemory = (): string => `${memory.host}/team/app:1`;

/** Pushes, and checks that it is all there and nothing is left here. */
async function good(): ReturnType<typeof push> {
  const name = fresh();
  const pushed = await push(paths, image, name);
  proxy.rules = [];
  const { image: again } = await pull(newStore(), name);
  assert.is(again.digest, pushed.sent.digest);
  assert.equal(
    again.layers.map(({ digest }) => digest),
    layers,
  );
  assert.equal(readdirSync(paths.partial), []);
  return pushed;
}

test('429 is waited out as long as Retry-After says, before and after a blob', async () => {
  const fault = answer(429, { 'retry-after': '1' });
  proxy.rules = [
    { when: layer(), times: 1, fault },
    { when: MANIFEST, times: 1, fault },
  ];
  const start = Date.now();
  const { progress } = await good();
  assert.ok(Date.now() - start >= 2000);
  assert.match(
    progress.find(({ kind }) => kind === 'retry')?.note ?? '',
    '429 too many requests; again in 1.0 s',
  );
});

test('429 that asks for more than anybody waits is an error at once', async () => {
  proxy.rules = [{ when: START, fault: answer(429, { 'retry-after': '3600' }) }];
  const error = await pushRefusal(paths, image, fresh());
  assert.is(error.code, 'network');
  assert.match(error.why!, '429 too many requests');
  assert.match(error.hint!, `tsc-pod login ${proxy.host}`);
});

test('500, 502, 503 and 504 that pass are tried again, wherever they come', async () => {
  const places = [/^HEAD .*\/blobs\//, START, UPLOAD, MANIFEST];
  proxy.rules = [500, 502, 503, 504].map((status, at) => ({
    when: places[at]!,
    times: 1,
    fault: answer(status),
  }));
  await good();
});

test('500 that stays is one error, after a bounded number of tries', async () => {
  proxy.rules = [{ when: layer(), fault: refuse(500, 'UNKNOWN', 'disk \u001b[31mfull') }];
  const error = await pushRefusal(paths, image, fresh());
  assert.is(error.code, 'network');
  assert.match(error.message, 'cannot push 127.0.0.1:');
  assert.match(error.why!, '500 the registry fails (disk ?[31mfull)');
  assert.is(sent(layer()), 4);
  assert.is(sent(MANIFEST), 0);
});

test('a connection that is reset in the middle of a blob is made anew', async () => {
  proxy.rules = [{ when: layer(), times: 1, fault: cutAfterTaking(300_000) }];
  const { progress } = await good();
  assert.is(sent(layer()), 2);
  assert.ok(progress.some(({ kind }) => kind === 'retry'));
});

test('what a registry kept of a broken upload is not sent again', async () => {
  memory.cutAt = 600_000;
  const { progress } = await push(paths, image, inMemory());
  const resumed = memory.requests.filter((line) => line.startsWith('PATCH '));
  assert.is(resumed.length, 1);
  const from = Number(/^PATCH blobs (\d+)-\d+$/.exec(resumed[0]!)?.[1]);
  assert.ok(from >= 600_000, resumed[0]);
  assert.ok(progress.some(({ kind, note }) => kind === 'retry' && /the connection was cut/.test(note ?? '')));
  assert.is(memory.blobs.size, 3);
  assert.equal([...memory.uploads.keys()], []);
});

test('a registry that takes no large bodies gets pieces that fit each other', async () => {
  const big = join(sandbox.work, 'big-tree');
  mkdirSync(big);
  writeFileSync(join(big, 'data'), randomBytes(20 << 20));
  const layout = join(sandbox.work, 'big-layout');
  writeLayout(layout, [{ layers: [{ tar: tarOf(big) }] }]);
  await pushLayout(registry, layout, { name: 'big:1' });
  await pull(paths, `${registry.host}/big:1`);
  memory.mostBytes = 10 << 20;
  await push(paths, `${registry.host}/big:1`, inMemory());
  const pieces = memory.requests.filter((line) => line.startsWith('PATCH '));
  assert.is(pieces.length, 3);
  assert.equal(pieces.slice(0, 2), ['PATCH blobs 0-8388607', 'PATCH blobs 8388608-16777215']);
  memory.forget();
  memory.mostBytes = 1 << 20;
  const error = await pushRefusal(paths, `${registry.host}/big:1`, inMemory());
  assert.match(error.why!, '413 that is more than it takes at once');
  assert.equal([...memory.uploads.keys()], []);
});

test('an upload that the registry has forgotten is begun anew', async () => {
  proxy.rules = [{ when: layer(), times: 2, fault: refuse(404, 'BLOB_UPLOAD_UNKNOWN') }];
  await good();
  assert.is(sent(layer()), 3);
});

test('an upload that is always forgotten is given up', async () => {
  proxy.rules = [{ when: layer(), fault: refuse(404, 'BLOB_UPLOAD_UNKNOWN', 'blob upload unknown') }];
  const error = await pushRefusal(paths, image, fresh());
  assert.is(error.code, 'not-found');
  assert.match(error.why!, '404 not found (blob upload unknown)');
  assert.is(sent(layer()), 4);
});

test('an answer that was lost does not send the blob a second time', async () => {
  proxy.rules = [
    {
      when: layer(),
      times: 1,
      fault: async (response, forward) => {
        await forward();
        response.socket?.destroy();
      },
    },
  ];
  await good();
  assert.is(sent(layer()), 1);
});

test('an upload that goes on at another host takes no credentials there', async () => {
  proxy.rules = [{ when: START, fault: relocate((own) => own.replace(proxy.host, elsewhere.host)) }];
  const authorization = `Basic ${basicAuth(registry).auth}`;
  elsewhere.rules = [
    {
      when: /./,
      fault: async (response, forward, request) => {
        const { status, headers, body } = await forward({ ...request.headers, authorization });
        response.writeHead(status, headers).end(body);
      },
    },
  ];
  trust(registry, elsewhere.host);
  await good();
  assert.is(elsewhere.requests.filter((line) => UPLOAD.test(line)).length, 3);
  for (const headers of elsewhere.headers) assert.is(headers.authorization, undefined);
});

test('a redirect of the blob itself is followed with all of it, without credentials', async () => {
  proxy.rules = [
    {
      when: UPLOAD,
      fault: (response, _, request) => {
        response.writeHead(307, { location: `${elsewhere.url}${request.url}&X-Signature=geheim` }).end();
      },
    },
  ];
  elsewhere.rules = [{ when: /./, fault: answer(403) }];
  trust(registry, elsewhere.host);
  const error = await pushRefusal(paths, image, fresh());
  assert.is(error.code, 'denied');
  for (const text of [error.message, error.why, error.hint, String(error.cause)])
    assert.not.match(text ?? '', 'geheim');
  assert.ok(elsewhere.requests.length >= 1);
  for (const headers of elsewhere.headers) assert.is(headers.authorization, undefined);
});

test('a location on http is https where it is the same host, and refused elsewhere', async () => {
  proxy.rules = [{ when: START, fault: relocate((own) => own.replace(/^https:/, 'http:')) }];
  await good();
  proxy.rules = [
    { when: START, fault: relocate((own) => own.replace(`https://${proxy.host}`, unencrypted.url)) },
  ];
  const error = await pushRefusal(paths, image, fresh());
  assert.match(error.why!, 'from https to http');
  assert.equal(unencrypted.requests, []);
});

test('a location that is missing or no address is one error', async () => {
  proxy.rules = [{ when: START, fault: relocate(() => undefined) }];
  const none = await pushRefusal(paths, image, fresh());
  assert.is(none.code, 'invalid');
  assert.match(none.why!, 'does not say where to send the blob');
  proxy.rules = [{ when: START, fault: relocate(() => 'https://[nonsense') }];
  assert.match((await pushRefusal(paths, image, fresh())).why!, 'what is no address');
});

test('a blob that is taken in sips arrives', async () => {
  proxy.rules = [{ when: layer(), times: 1, fault: sip(5) }];
  await good();
});

test('a registry that takes nothing more is an error after the waiting time', async () => {
  proxy.rules = [{ when: START, fault: hangAfter() }];
  const start = Date.now();
  const error = await pushRefusal(paths, image, fresh(), { env: { ...env, TSC_POD_REGISTRY_TIMEOUT: '1' } });
  assert.is(error.code, 'network');
  assert.match(error.why!, 'silent for 1 s while answering');
  assert.ok(Date.now() - start < 20_000, 'not the usual time');
});

test('a registry that keeps another manifest than it was sent is caught', async () => {
  const other = `sha256:${'0'.repeat(64)}`;
  proxy.rules = [{ when: MANIFEST, fault: answer(201, { 'docker-content-digest': other }) }];
  const error = await pushRefusal(paths, image, fresh());
  assert.is(error.code, 'invalid');
  assert.match(error.why!, 'it keeps another manifest: sha256:000000000000');
});

test('each refusal is one clear error', async () => {
  const name = fresh();
  const cases: [string, Parameters<typeof refuse>, string, RegExp, RegExp | undefined][] = [
    [
      'START',
      [401, 'UNAUTHORIZED', 'authentication required'],
      'denied',
      /401 access denied/,
      /tsc-pod login/,
    ],
    ['START', [403, 'DENIED', 'quota exceeded'], 'denied', /403 .*\(quota exceeded\)/, /tsc-pod login/],
    ['START', [404, 'NAME_UNKNOWN', 'no such repository'], 'not-found', /no such repository/, undefined],
    [
      'START',
      [400, 'NAME_INVALID', 'invalid name'],
      'invalid',
      /400 it refuses the request \(invalid name\)/,
      undefined,
    ],
    [
      'START',
      [405, 'UNSUPPORTED', 'read only'],
      'network',
      /405 it does not take this \(read only\)/,
      undefined,
    ],
    ['UPLOAD', [400, 'BLOB_UPLOAD_INVALID', 'bad upload'], 'invalid', /\(bad upload\)/, undefined],
    ['UPLOAD', [400, 'DIGEST_INVALID', 'digest'], 'invalid', /\(digest\)/, undefined],
    ['UPLOAD', [413, 'SIZE_INVALID', 'too big'], 'invalid', /413 that is more than it takes/, undefined],
    ['UPLOAD', [507, 'DENIED', ''], 'no-space', /507 it has no space left/, undefined],
    ['MANIFEST', [400, 'MANIFEST_INVALID', 'bad manifest'], 'invalid', /bad manifest/, undefined],
  ];
  const places: Record<string, RegExp> = { START, UPLOAD, MANIFEST };
  for (const [place, refusal, code, why, hint] of cases) {
    proxy.rules = [{ when: places[place]!, fault: refuse(...refusal) }];
    const error = await pushRefusal(paths, image, place === 'MANIFEST' ? fresh() : name);
    assert.is(error.code, code, refusal[1]);
    assert.match(error.message, `cannot push ${proxy.host}/team/app`);
    assert.match(error.why!, why);
    if (hint) assert.match(error.hint ?? '', hint);
  }
  assert.equal(readdirSync(paths.partial), []);
});

test('an interrupted push ends at once and takes its uploads back', async () => {
  const stop = new AbortController();
  proxy.rules = [{ when: UPLOAD, times: Number.POSITIVE_INFINITY, fault: hangAfter() }];
  const refused = pushRefusal(paths, image, fresh(), { signal: stop.signal });
  await eventually(() => sent(UPLOAD) === 3); // two layers and the config
  const start = Date.now();
  stop.abort();
  assert.is((await refused).code, 'interrupted');
  assert.ok(Date.now() - start < 10_000);
  assert.is(sent(/^DELETE .*\/blobs\/uploads\//), 3);
});

test('a blob that the store has lost is told before anything else', async () => {
  const broken = newStore();
  await pull(broken, image);
  const path = blobPath(broken, layers[0]!);
  assert.ok(existsSync(path));
  writeFileSync(path, readFileSync(path).subarray(0, 1000));
  const error = await pushRefusal(broken, image, fresh());
  assert.is(error.code, 'invalid');
  assert.match(error.hint!, 'tsc-pod system check --repair');
});

test.run();
