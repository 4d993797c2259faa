/** Pulls from Debian's docker-registry: with TLS and tokens, with passwords, without either; lists and policies. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { resolveImage } from '../../core/images/find.ts';
import { listImages } from '../../core/images/list.ts';
import { parsePlatform } from '../../core/platform.ts';
import { test } from './harness/index.ts';
import { configure, trust } from './harness/registries-conf.ts';
import { sandbox } from './harness/sandbox.ts';
import { basicAuth, contents, env, logIn, newStore, pull, refusal } from './pull-lab.ts';
import { type FaultProxy, startFaultProxy } from './registry/fault-proxy.ts';
import { pushLayout, seedAlpine, type TestImage, tarOf, writeLayout } from './registry/make-image.ts';
import { startRegistry, type TestRegistry } from './registry/start-registry.ts';

const dir = (name: string): string => {
  const path = join(sandbox.work, name);
  mkdirSync(path, { recursive: true });
  return path;
};

let tokens: TestRegistry;
let passwords: TestRegistry;
let plain: TestRegistry;
let watched: FaultProxy;
let alpine: string;
let list: string;

const tree = dir('small-tree');
mkdirSync(join(tree, 'etc'), { recursive: true });
const layer = (text: string): Buffer => {
  writeFileSync(join(tree, 'etc/which'), text);
  return tarOf(tree);
};

const platforms: TestImage[] = [
  { architecture: 'amd64', layers: [{ tar: layer('amd64') }], config: { Cmd: ['amd64'] } },
  { architecture: 'arm64', layers: [{ tar: layer('arm64') }] },
  { architecture: 'arm', variant: 'v6', layers: [{ tar: layer('armv6') }] },
  { architecture: 'arm', variant: 'v7', layers: [{ tar: layer('armv7') }] },
];

const count = (url: RegExp, requests: readonly string[]): number =>
  requests.filter((line) => url.test(line)).length;

test.before(async () => {
  [tokens, passwords, plain] = await Promise.all([
    startRegistry({ dir: dir('tokens'), tls: true, auth: 'token', open: /^library\//, tokenLifetime: 60 }),
    startRegistry({ dir: dir('passwords'), tls: true, auth: 'htpasswd' }),
    startRegistry({ dir: dir('plain') }),
  ]);
  watched = await startFaultProxy(plain.url);
  alpine = await seedAlpine(tokens, sandbox.work);
  await pushLayout(tokens, join(sandbox.work, 'alpine-layout'), { name: 'team/private:1' });
  await pushLayout(passwords, join(sandbox.work, 'alpine-layout'), { name: 'app:1' });
  await pushLayout(plain, join(sandbox.work, 'alpine-layout'), { name: 'app:1' });
  writeLayout(join(sandbox.work, 'list'), platforms);
  list = await pushLayout(plain, join(sandbox.work, 'list'), { name: 'many:latest', all: true });
  const mixed: TestImage = {
    layers: [
      { tar: layer('one'), compression: 'zstd' },
      { tar: layer('two'), compression: 'none' },
      { tar: layer('three'), compression: 'gzip' },
      { tar: layer('one'), compression: 'zstd' },
    ],
  };
  writeLayout(join(sandbox.work, 'mixed'), [mixed]);
  await pushLayout(plain, join(sandbox.work, 'mixed'), { name: 'mixed:latest' });
  trust(tokens);
  trust(passwords);
});

test.after(async () => {
  await Promise.all([tokens, passwords, plain, watched].map((server) => server?.stop()));
});

test.before.each(() => {
  watched.forget();
  logIn(undefined);
  configure(
    `[[registry]]\nprefix = "docker.io"\n[[registry.mirror]]\nlocation = "${tokens.host}"\n` +
      `[[registry]]\nlocation = "${plain.host}"\ninsecure = true\n` +
      `[[registry]]\nlocation = "${watched.host}"\ninsecure = true\n`,
  );
});

test('a short name comes from a mirror of docker.io with TLS and an anonymous token', async () => {
  const paths = newStore();
  const { image, notices } = await pull(paths, 'alpine');
  assert.equal(image.names, ['docker.io/library/alpine:latest']);
  assert.is(image.digest, alpine);
  assert.is(image.mediaType, 'application/vnd.docker.distribution.manifest.v2+json');
  assert.equal(image.config.config?.Cmd, ['/bin/sh']);
  assert.equal(notices, []);
  const root = join(paths.layers, image.diffIds[0]!.slice(7), 'fs');
  assert.is(readFileSync(join(root, 'etc/os-release'), 'utf8'), 'ID=alpine\nNAME="Test Linux"\n');
  assert.equal(readdirSync(paths.partial), []);
  assert.equal(resolveImage(paths, 'alpine'), image);
  assert.equal(resolveImage(paths, image.id.slice(0, 12)), image);
  assert.equal(resolveImage(paths, alpine), image);
  assert.equal(resolveImage(paths, `alpine@${alpine}`), image);
  assert.equal(listImages(paths), [image]);
});

test('skopeo and umoci read the store in place', async () => {
  const paths = newStore();
  const { image } = await pull(paths, 'alpine');
  const name = 'docker.io/library/alpine:latest';
  const seen = JSON.parse(
    execFileSync('skopeo', ['inspect', `oci:${paths.images}:${name}`], { encoding: 'utf8' }),
  );
  assert.equal(
    seen.Layers,
    image.layers.map(({ digest }) => digest),
  );
  const listed = execFileSync('umoci', ['ls', '--layout', paths.images], { encoding: 'utf8' });
  assert.is(listed, `${name}\n`);
  const stat = JSON.parse(
    execFileSync('umoci', ['stat', '--json', '--image', `${paths.images}:${name}`], { encoding: 'utf8' }),
  );
  assert.is(stat.history.length, 1);
  execFileSync(
    'umoci',
    ['unpack', '--rootless', '--image', `${paths.images}:${name}`, join(sandbox.work, 'umoci')],
    {
      stdio: 'ignore',
    },
  );
  assert.ok(existsSync(join(sandbox.work, 'umoci/rootfs/bin/busybox')));
});

test('a private repository wants credentials, and what refuses names the way in', async () => {
  const paths = newStore();
  const name = `${tokens.host}/team/private:1`;
  const error = await refusal(paths, name);
  assert.is(error.code, 'denied');
  assert.is(error.message, `cannot pull ${name}`);
  assert.match(error.why!, /401 access denied/);
  assert.match(error.hint!, `tsc-pod login ${tokens.host}`);
  logIn({
    auths: { [`${tokens.host}/team`]: basicAuth(tokens), [tokens.host]: { auth: 'd3Jvbmc6d3Jvbmc=' } },
  });
  const { image } = await pull(paths, name);
  assert.equal(image.names, [name]);
});

test('a wrong password is told without telling it', async () => {
  logIn({ auths: { [tokens.host]: { auth: Buffer.from('tester:geheim').toString('base64') } } });
  const error = await refusal(newStore(), `${tokens.host}/team/private:1`);
  assert.is(error.code, 'denied');
  assert.match(error.why!, /wrong password/);
  for (const text of [error.message, error.why, error.hint, error.stack, String(error.cause)]) {
    assert.not.match(text ?? '', /geheim|dGVzdGVy/);
  }
});

test('passwords of auth.json open a registry with basic authentication', async () => {
  const paths = newStore();
  const name = `${passwords.host}/app:1`;
  assert.is((await refusal(paths, name)).code, 'denied');
  logIn({ auths: { [`https://${passwords.host}`]: basicAuth(passwords) } });
  assert.equal((await pull(paths, name)).image.names, [name]);
});

test('a credential helper is asked with the registry on its standard input', async () => {
  const bin = dir('bin');
  const answer = JSON.stringify({ Username: passwords.user, Secret: passwords.password });
  const script = `#!/bin/sh\nread server; echo "$1 $server" >>${bin}/asked; echo '${answer}'\n`;
  writeFileSync(join(bin, 'docker-credential-test'), script, { mode: 0o755 });
  logIn({ credHelpers: { [passwords.host]: 'test' } });
  await pull(newStore(), `${passwords.host}/app:1`, { env: { ...env, PATH: `${bin}:${env.PATH}` } });
  assert.is(readFileSync(join(bin, 'asked'), 'utf8'), `get ${passwords.host}\n`);
});

test('plain HTTP is refused unless the registry is marked insecure or --tls-verify=false', async () => {
  configure('');
  const paths = newStore();
  const name = `${plain.host}/app:1`;
  const error = await refusal(paths, name);
  assert.is(error.code, 'network');
  assert.match(error.why!, /does not speak TLS/);
  assert.match(error.hint!, /--tls-verify=false/);
  await pull(paths, name, { tlsVerify: false });
  configure(`[[registry]]\nlocation = "${plain.host}"\ninsecure = true\n`);
  await pull(newStore(), name);
  assert.is((await refusal(newStore(), name, { tlsVerify: true })).code, 'network');
});

test('a certificate of an unknown authority is refused, with the place for it', async () => {
  const error = await refusal(newStore(), `localhost:${tokens.host.split(':')[1]}/library/alpine`);
  assert.is(error.code, 'network');
  assert.match(error.hint!, 'certs.d/localhost:');
});

test('a list gives the image of the platform that is asked for', async () => {
  const paths = newStore();
  const name = `${plain.host}/many`;
  const which = async (platform: string): Promise<string> => {
    const { image } = await pull(paths, name, { platform: parsePlatform(platform) });
    assert.is(image.listDigest, list);
    return readFileSync(join(paths.layers, image.diffIds[0]!.slice(7), 'fs/etc/which'), 'utf8');
  };
  assert.is(await which('linux/arm64/v8'), 'arm64');
  assert.is(await which('linux/arm'), 'armv7');
  assert.is(await which('linux/arm/v6'), 'armv6');
  assert.is(await which('amd64'), 'amd64');
  assert.is(resolveImage(paths, name)?.platform.architecture, 'amd64');
  assert.is(listImages(paths).length, 4);
  const error = await refusal(paths, name, { platform: parsePlatform('linux/s390x') });
  assert.is(error.code, 'not-found');
  assert.match(error.hint!, 'it is there for linux/amd64, linux/arm64, linux/arm/v6, linux/arm/v7');
});

test('a digest pulls just that, by the list or by the manifest', async () => {
  const paths = newStore();
  const { image } = await pull(paths, `${plain.host}/many@${list}`, { platform: parsePlatform('arm64') });
  assert.equal(image.names, [`${plain.host}/many@${list}`]);
  const again = await pull(paths, `${plain.host}/many:ignored@${image.digest}`);
  assert.is(again.image.id, image.id);
  const wrong = `sha256:${'0'.repeat(64)}`;
  assert.is((await refusal(paths, `${plain.host}/many@${wrong}`)).code, 'not-found');
});

test('gzip, zstd and plain layers are unpacked, one that is used twice once', async () => {
  const paths = newStore();
  const { image, progress } = await pull(paths, `${plain.host}/mixed`);
  assert.is(image.layers.length, 4);
  assert.is(new Set(image.diffIds).size, 3);
  assert.is(progress.filter(({ kind }) => kind === 'done').length, 3);
  for (const diffId of image.diffIds)
    assert.ok(existsSync(join(paths.layers, diffId.slice(7), 'fs/etc/which')));
});

test('policies decide whether the registry is asked', async () => {
  const paths = newStore();
  const name = `${watched.host}/app:1`;
  const never = await refusal(paths, name, { policy: 'never' });
  assert.is(never.code, 'not-found');
  assert.equal(watched.requests, []);
  await pull(paths, name, { policy: 'missing' });
  watched.forget();
  await pull(paths, name, { policy: 'missing' });
  await pull(paths, name, { policy: 'never' });
  assert.equal(watched.requests, []);
  await pull(paths, name, { policy: 'always' });
  await pull(paths, name, { policy: 'newer' });
  assert.equal(count(/^HEAD .*manifests/, watched.requests), 2);
  assert.equal(count(/^GET .*(manifests|blobs)/, watched.requests), 0);
  watched.rules = [{ when: /./, fault: (response) => void response.destroy() }];
  const { notices } = await pull(paths, name, { policy: 'newer' });
  assert.match(notices.join(), /using the local/);
});

test('a tag that moved leaves the old image nameless', async () => {
  const paths = newStore();
  const name = `${plain.host}/moving:latest`;
  await pushLayout(plain, join(sandbox.work, 'mixed'), { name: 'moving:latest' });
  const first = (await pull(paths, name)).image;
  await pushLayout(plain, join(sandbox.work, 'alpine-layout'), { name: 'moving:latest' });
  const second = (await pull(paths, name)).image;
  assert.is.not(first.id, second.id);
  assert.equal(resolveImage(paths, first.id)?.names, []);
  assert.equal(resolveImage(paths, name)?.id, second.id);
});

test('two pulls of one image at once fetch each blob once', async () => {
  const paths = newStore();
  const name = `${watched.host}/mixed`;
  const [one, two] = await Promise.all([pull(paths, name), pull(paths, name)]);
  assert.equal(one.image.id, two.image.id);
  const layers = one.image.layers.map(({ digest }) => digest);
  for (const digest of new Set(layers))
    assert.is(count(new RegExp(`blobs/${digest}`), watched.requests), 1, digest);
  assert.equal(
    contents(paths).filter((path) => /partial|tmp|trash/.test(path)),
    [],
  );
});

test('a short name that no registry has is told for each place that was asked', async () => {
  configure(
    `unqualified-search-registries = ["${plain.host}", "${watched.host}"]\n` +
      `[[registry]]\nlocation = "${plain.host}"\ninsecure = true\n` +
      `[[registry]]\nlocation = "${watched.host}"\ninsecure = true\n`,
  );
  const error = await refusal(newStore(), 'nonexistent');
  assert.is(error.code, 'not-found');
  const { image } = await pull(newStore(), 'mixed');
  assert.equal(image.names, [`${plain.host}/mixed:latest`]);
});

test('a blocked registry is not asked', async () => {
  configure(`[[registry]]\nlocation = "${watched.host}"\nblocked = true\n`);
  const error = await refusal(newStore(), `${watched.host}/app:1`);
  assert.is(error.code, 'denied');
  assert.match(error.message, 'blocked');
  assert.equal(watched.requests, []);
});

test.run();
