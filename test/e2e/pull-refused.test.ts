/** Images that are broken or mean harm, disks that are full, processes that are killed: nothing half-made is visible. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import * as assert from 'uvu/assert';
import { digestOf } from '../../core/images/format/digest.ts';
import { listImages } from '../../core/images/list.ts';
import { test } from './harness/index.ts';
import { configure } from './harness/registries-conf.ts';
import { sandbox } from './harness/sandbox.ts';
import { contents, env, newStore, pull, refusal } from './pull-lab.ts';
import { answer, type FaultProxy, serve, startFaultProxy } from './registry/fault-proxy.ts';
import { tarOf } from './registry/make-image.ts';

let registry: FaultProxy;
const OCI = 'application/vnd.oci.image';
const gzipped = `${OCI}.layer.v1.tar+gzip`;

interface Blob {
  mediaType: string;
  digest: string;
  size: number;
}

test.before(async () => {
  registry = await startFaultProxy(undefined);
  configure(`[[registry]]\nlocation = "${registry.host}"\ninsecure = true\n`);
});
test.after(() => registry?.stop());
test.before.each(() => registry.forget());

/** Lets the registry have a blob; gives its descriptor. */
function blob(data: Buffer | string, mediaType: string, pause?: number): Blob {
  const digest = digestOf(data);
  registry.rules.push({
    when: new RegExp(`GET .*/blobs/${digest}`),
    fault: serve(Buffer.from(data as string), pause),
  });
  return { mediaType, digest, size: Buffer.byteLength(data) };
}

function manifest(value: object | string, mediaType = `${OCI}.manifest.v1+json`): void {
  const body = typeof value === 'string' ? value : JSON.stringify(value);
  registry.rules.push({
    when: /GET .*\/manifests\//,
    fault: answer(200, { 'content-type': mediaType }, body),
  });
}

function tarWith(name: string, size = 20): Buffer {
  const dir = join(sandbox.work, `tree-${name}`);
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, name), randomBytes(size));
  return tarOf(dir);
}

// biome-ignore lint/suspicious/noExplicitAny: anything may be put anywhere
type Spoiled = any;

/** An image of these tars; `change` may spoil its config and manifest. Its layers come slowly with a `pause`. */
function image(
  tars: Buffer[],
  change: (config: Spoiled, manifest: Spoiled) => void = () => {},
  pause?: number,
): void {
  const layers = tars.map((tar) => blob(gzipSync(tar), gzipped, pause));
  const config = {
    os: 'linux',
    architecture: 'amd64',
    rootfs: { type: 'layers', diff_ids: tars.map((tar) => digestOf(tar)) },
  };
  const whole = { schemaVersion: 2, config: undefined as unknown, layers };
  change(config, whole);
  whole.config ??= blob(JSON.stringify(config), `${OCI}.config.v1+json`);
  manifest(whole);
}

const name = (): string => `${registry.host}/hostile`;

async function refused(why: RegExp, code = 'invalid'): Promise<void> {
  const paths = newStore();
  const error = await refusal(paths, name());
  assert.is(error.code, code, error.why);
  assert.match(`${error.why} ${error.hint}`, why);
  assert.equal(contents(paths), []);
  assert.equal(listImages(paths), []);
}

test('the fake registry serves an image that is in order', async () => {
  image([tarWith('a'), tarWith('b')]);
  assert.is((await pull(newStore(), name())).image.layers.length, 2);
});

test('schema 1 is refused with what to do', async () => {
  manifest({ schemaVersion: 1, fsLayers: [] }, 'application/vnd.docker.distribution.manifest.v1+prettyjws');
  await refused(/schema 1.*skopeo copy/, 'unsupported');
});

test('a page of HTML is no manifest', async () => {
  manifest('<html>sign in</html>', 'text/html');
  await refused(/not JSON/);
});

test('an artifact is no image', async () => {
  image([], (_, whole) => {
    whole.config = blob('{}', 'application/vnd.cncf.helm.config.v1+json');
  });
  await refused(/no container image/);
});

test('foreign layers are refused by name', async () => {
  image([tarWith('a')], (_, whole) => {
    whole.layers[0].mediaType = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip';
  });
  await refused(/foreign layer/, 'unsupported');
});

test('a layer that is not what the config says is refused, and its good neighbours go with it', async () => {
  image([tarWith('a'), tarWith('b'), tarWith('c')], (config) => {
    config.rootfs.diff_ids[1] = digestOf('something else');
  });
  await refused(/digest/);
});

test('more layers than diff ids, or fewer, are refused', async () => {
  image([tarWith('a')], (config) => config.rootfs.diff_ids.push(digestOf('x')));
  await refused(/1 layers and 2 diff ids/);
});

test('a size that is not that of the blob is refused', async () => {
  image([tarWith('a')], (_, whole) => {
    whole.layers[0].size -= 5;
  });
  await refused(/longer than its/);
});

test('a config of more than 8 MiB is not even asked for', async () => {
  image([], (_, whole) => {
    whole.config = { mediaType: `${OCI}.config.v1+json`, digest: digestOf('x'), size: (8 << 20) + 1 };
  });
  await refused(/larger than 8 MiB/);
  assert.not.ok(registry.requests.some((line) => line.includes('/blobs/')));
});

test('a list that leads in circles or nowhere ends', async () => {
  const entry = {
    mediaType: `${OCI}.index.v1+json`,
    digest: digestOf('x'),
    size: 1,
    platform: { os: 'linux', architecture: 'amd64' },
  };
  manifest({ schemaVersion: 2, manifests: [entry] }, `${OCI}.index.v1+json`);
  await refused(/its digest is/);
  registry.forget();
  manifest({ schemaVersion: 2, manifests: [] }, `${OCI}.index.v1+json`);
  await refused(/not there for/, 'not-found');
});

test('an image for another machine is refused where a platform is asked for', async () => {
  image([tarWith('a')], (config) => {
    config.architecture = 's390x';
  });
  const error = await refusal(newStore(), name(), { platform: { os: 'linux', architecture: 'amd64' } });
  assert.is(error.code, 'not-found');
  assert.match(error.why!, 'it is for linux/s390x, not for linux/amd64');
});

test('an image that is larger than the disk is refused before anything is fetched', async () => {
  const { bavail, bsize } = statfsSync(sandbox.work);
  image([tarWith('a')], (_, whole) => {
    whole.layers[0].size = bavail * bsize;
  });
  await refused(/it needs at least .* has .*--root DIR/, 'no-space');
  assert.not.ok(registry.requests.some((line) => line.includes(digestOf('x'))));
});

/** Pulls in a process of its own: what follows `node` in argv is this file with PULL set. */
function puller(root: string, prefix: string[] = []): ChildProcess {
  const [command = process.execPath, ...args] = [
    ...prefix,
    process.execPath,
    join(import.meta.dirname, 'pull-alone.ts'),
  ];
  const environment = { ...env, PULL: name(), PULL_ROOT: root, TSC_POD_TEST_DIR: sandbox.dir };
  return spawn(command, args, { env: environment as NodeJS.ProcessEnv, stdio: 'ignore' });
}

test('a pull that is killed at any time leaves nothing that the next one stumbles over', async () => {
  image([tarWith('a', 400_000), tarWith('b', 400_000)], () => {}, 30);
  const paths = newStore();
  for (const delay of [250, 400, 550]) {
    const child = puller(paths.data);
    await new Promise((resolve) => setTimeout(resolve, delay));
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
    assert.equal(listImages(paths), []);
  }
  const { image: record } = await pull(paths, name());
  assert.is(record.layers.length, 2);
  assert.equal(readdirSync(paths.partial), []);
  assert.equal(readdirSync(paths.layers).sort(), record.diffIds.map((diffId) => diffId.slice(7)).sort());
});

test('a disk that fills up on the way is told, and what was half there is gone', async () => {
  // Zeros pack well: the image seems to fit, and doesn't when it is unpacked.
  const dir = join(sandbox.work, 'zeros');
  mkdirSync(dir);
  writeFileSync(join(dir, 'zeros'), Buffer.alloc(12 << 20));
  image([tarOf(dir)]);
  const root = join(sandbox.work, 'full');
  mkdirSync(root);
  const script = `mount -t tmpfs -o size=6m none ${root} && "$0" "$1"; status=$?; find ${root} -mindepth 2 -not -path '*/locks/*' >&2; exit $status`;
  const args = ['-Urm', 'sh', '-c', script, process.execPath, join(import.meta.dirname, 'pull-alone.ts')];
  const environment = {
    ...env,
    PULL: name(),
    PULL_ROOT: root,
    TSC_POD_TEST_DIR: sandbox.dir,
  } as NodeJS.ProcessEnv;
  const ran = await promisify(execFile)('unshare', args, { env: environment }).then(
    () => assert.unreachable(),
    (error) => error as { stdout: string; stderr: string },
  );
  assert.match(ran!.stdout, /^no-space: cannot pull /);
  assert.is(ran!.stderr, '');
});

test.run();
