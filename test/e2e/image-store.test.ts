/** The image store: names, ids, what is shared, what goes; several writers at once. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { PodError } from '../../core/error.ts';
import { resolveImage } from '../../core/images/find.ts';
import { digestOf } from '../../core/images/format/digest.ts';
import type { ImageRecord } from '../../core/images/format/types.ts';
import { blobPath, layerPath, writeBlob } from '../../core/images/layout.ts';
import { listImages } from '../../core/images/list.ts';
import { putBuiltList } from '../../core/images/lists/built-list.ts';
import { readList } from '../../core/images/lists/manifest-list.ts';
import { removeImage } from '../../core/images/remove.ts';
import { type NewImage, putImage } from '../../core/images/store.ts';
import { tagImage, untagImage } from '../../core/images/tag.ts';
import type { Paths } from '../../core/paths.ts';
import { test } from './harness/index.ts';
import { contents, newStore } from './pull-lab.ts';

/** An image of layers that are files with these texts; "unpacked" ones are empty folders. */
function makeImage(paths: Paths, name: string | undefined, layers: string[], extra: object = {}): NewImage {
  const diffIds = layers.map((text) => digestOf(`tar of ${text}`));
  const blobs = layers.map((text) => {
    const digest = digestOf(text);
    writeBlob(paths, digest, Buffer.from(text));
    return { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest, size: text.length };
  });
  for (const diffId of diffIds) mkdirSync(join(layerPath(paths, diffId), 'fs'), { recursive: true });
  const config = Buffer.from(
    JSON.stringify({
      os: 'linux',
      architecture: 'amd64',
      rootfs: { type: 'layers', diff_ids: diffIds },
      ...extra,
    }),
  );
  const configBlob = {
    mediaType: 'application/vnd.oci.image.config.v1+json',
    digest: digestOf(config),
    size: config.length,
  };
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, config: configBlob, layers: blobs }));
  return { name, manifest: { bytes, mediaType: 'application/vnd.oci.image.manifest.v1+json' }, config };
}

async function put(
  paths: Paths,
  name: string | undefined,
  layers: string[],
  extra?: object,
): Promise<ImageRecord> {
  const record = await putImage(paths, makeImage(paths, name, layers, extra));
  assert.ok(record);
  return record!;
}

async function refusal(work: () => unknown): Promise<PodError> {
  try {
    await work();
  } catch (error) {
    assert.instance(error, PodError);
    return error as PodError;
  }
  throw new Error('it succeeded');
}

const hasLayer = (paths: Paths, text: string): boolean =>
  existsSync(layerPath(paths, digestOf(`tar of ${text}`)));
const hasBlob = (paths: Paths, text: string): boolean => existsSync(blobPath(paths, digestOf(text)));

test('an empty store has no images, and reading makes nothing', () => {
  const paths = newStore();
  assert.equal(listImages(paths), []);
  assert.is(resolveImage(paths, 'alpine'), undefined);
  assert.not.ok(existsSync(paths.images));
});

test('an image is found by its names, its id, the beginning of it, and its digest', async () => {
  const paths = newStore();
  const image = await put(paths, 'docker.io/library/one:latest', ['a']);
  await tagImage(paths, 'one', ['quay.io/x/two:2']);
  const names = ['docker.io/library/one:latest', 'quay.io/x/two:2'];
  for (const text of [
    'one',
    'one:latest',
    'quay.io/x/two:2',
    image.id,
    image.id.slice(0, 5),
    `sha256:${image.id}`,
    image.digest,
    `one@${image.digest}`,
  ]) {
    assert.equal(resolveImage(paths, text)?.names, names, text);
  }
  assert.is(resolveImage(paths, `three@${image.digest}`), undefined, 'the repository counts');
  assert.is(resolveImage(paths, 'two:2'), undefined);
  assert.is(listImages(paths).length, 1);
});

test('a name goes before an id that begins alike', async () => {
  const paths = newStore();
  const image = await put(paths, 'docker.io/library/x:latest', ['a']);
  const other = await put(paths, `docker.io/library/${image.id.slice(0, 4)}:latest`, ['b']);
  assert.is(resolveImage(paths, image.id.slice(0, 4))?.id, other.id);
  assert.is(resolveImage(paths, image.id.slice(0, 5))?.id, image.id);
});

test('the beginning of several ids is ambiguous', async () => {
  const paths = newStore();
  const ids = new Map<string, string>();
  for (let n = 0; ; n++) {
    const { id } = await put(paths, undefined, ['a'], { author: String(n) });
    const same = ids.get(id[0]!);
    if (same !== undefined) {
      const error = await refusal(() => resolveImage(paths, id[0]!));
      assert.is(error.code, 'conflict');
      assert.match(error.message, 'ambiguous');
      return;
    }
    ids.set(id[0]!, id);
  }
});

test('images made here are found by their short name', async () => {
  const paths = newStore();
  await put(paths, 'localhost/mine:latest', ['a']);
  assert.equal(resolveImage(paths, 'mine')?.names, ['localhost/mine:latest']);
});

test('a Docker manifest keeps its digest, and stands in the index as OCI', async () => {
  const paths = newStore();
  const image = makeImage(paths, 'docker.io/library/x:latest', ['a']);
  const manifest = JSON.parse(Buffer.from(image.manifest.bytes).toString());
  const mediaType = 'application/vnd.docker.distribution.manifest.v2+json';
  manifest.mediaType = mediaType;
  manifest.config.mediaType = 'application/vnd.docker.container.image.v1+json';
  manifest.layers[0].mediaType = 'application/vnd.docker.image.rootfs.diff.tar.gzip';
  const bytes = Buffer.from(JSON.stringify(manifest));
  const record = await putImage(paths, { ...image, manifest: { bytes, mediaType } });
  assert.is(record?.digest, digestOf(bytes));
  assert.is(record?.mediaType, mediaType);
  assert.is(resolveImage(paths, `x@${digestOf(bytes)}`)?.id, record?.id);
  const [entry] = JSON.parse(readFileSync(join(paths.images, 'index.json'), 'utf8')).manifests;
  assert.is(entry.mediaType, 'application/vnd.oci.image.manifest.v1+json');
  const stored = JSON.parse(readFileSync(blobPath(paths, entry.digest), 'utf8'));
  assert.is(stored.layers[0].mediaType, 'application/vnd.oci.image.layer.v1.tar+gzip');
  await removeImage(paths, 'x');
  assert.equal(
    contents(paths).filter((path) => /sha256\//.test(path)),
    [],
  );
});

test('an image whose layer or blob is missing is not put in', async () => {
  const paths = newStore();
  const image = makeImage(paths, 'docker.io/library/x:latest', ['a']);
  writeFileSync(blobPath(paths, digestOf('a')), 'shorter or longer');
  assert.is(await putImage(paths, image), undefined);
  assert.equal(listImages(paths), []);
});

test('a name that moves leaves its old image nameless', async () => {
  const paths = newStore();
  const first = await put(paths, 'docker.io/library/x:latest', ['a']);
  const second = await put(paths, 'docker.io/library/x:latest', ['b']);
  assert.equal(resolveImage(paths, first.id)?.names, []);
  assert.equal(resolveImage(paths, second.id)?.names, ['docker.io/library/x:latest']);
  await put(paths, 'docker.io/library/x:latest', ['a']);
  assert.equal(
    listImages(paths).map(({ names }) => names.length),
    [0, 1],
    'the entry without a name is gone when its image has one again',
  );
});

test('removing one of several names keeps the image, the last one removes it', async () => {
  const paths = newStore();
  const { id } = await put(paths, 'docker.io/library/x:1', ['a']);
  await tagImage(paths, 'x:1', ['x:2']);
  const first = await removeImage(paths, 'x:1');
  assert.equal(first.untagged, ['docker.io/library/x:1']);
  assert.is(first.deleted, undefined);
  assert.ok(hasLayer(paths, 'a'));
  const second = await removeImage(paths, 'x:2');
  assert.equal(second.untagged, ['docker.io/library/x:2']);
  assert.is(second.deleted, id);
  assert.is(second.trash.length, 1);
  assert.ok(second.freed > 0);
  assert.equal(readdirSync(join(paths.images, 'blobs/sha256')), []);
  assert.equal(readdirSync(paths.layers), []);
});

test('removing by id wants --force when there are several names', async () => {
  const paths = newStore();
  const { id } = await put(paths, 'docker.io/library/x:1', ['a']);
  await tagImage(paths, id, ['x:2']);
  const error = await refusal(() => removeImage(paths, id.slice(0, 12)));
  assert.is(error.code, 'conflict');
  const removed = await removeImage(paths, id.slice(0, 12), { force: true });
  assert.equal(removed.untagged, ['docker.io/library/x:1', 'docker.io/library/x:2']);
  assert.equal(listImages(paths), []);
});

test('what another image shares stays', async () => {
  const paths = newStore();
  await put(paths, 'docker.io/library/x:1', ['shared', 'own']);
  await put(paths, 'docker.io/library/y:1', ['shared', 'other']);
  await removeImage(paths, 'x:1');
  assert.equal(
    ['shared', 'own', 'other'].map((text) => hasLayer(paths, text)),
    [true, false, true],
  );
  assert.equal(
    ['shared', 'own', 'other'].map((text) => hasBlob(paths, text)),
    [true, false, true],
  );
  assert.ok(resolveImage(paths, 'y:1'));
});

test('an image that a container uses stays unless forced, and then its layers stay', async () => {
  const paths = newStore();
  const { id, diffIds } = await put(paths, 'docker.io/library/x:1', ['a', 'b']);
  const usedBy = (asked: string): string[] => (asked === id ? ['happy_fox'] : []);
  const error = await refusal(() => removeImage(paths, 'x:1', { usedBy }));
  assert.is(error.code, 'conflict');
  assert.match(error.why!, 'happy_fox');
  const removed = await removeImage(paths, 'x:1', { usedBy, force: true, keepLayers: new Set(diffIds) });
  assert.is(removed.deleted, id);
  assert.ok(hasLayer(paths, 'a') && hasLayer(paths, 'b'));
  assert.not.ok(hasBlob(paths, 'a'));
});

test('untag takes one name or all, the image stays', async () => {
  const paths = newStore();
  const { id } = await put(paths, 'docker.io/library/x:1', ['a']);
  await tagImage(paths, 'x:1', ['x:2']);
  assert.equal(await untagImage(paths, 'x:1', ['x:2']), ['docker.io/library/x:2']);
  assert.is((await refusal(() => untagImage(paths, 'x:1', ['y']))).code, 'not-found');
  assert.equal(await untagImage(paths, 'x:1'), ['docker.io/library/x:1']);
  assert.equal(resolveImage(paths, id)?.names, []);
});

test('what is not there is not found', async () => {
  const paths = newStore();
  for (const work of [
    () => removeImage(paths, 'x'),
    () => tagImage(paths, 'x', ['y']),
    () => untagImage(paths, 'x'),
  ]) {
    const error = await refusal(work);
    assert.is(error.code, 'not-found');
    assert.is(error.message, 'no such image: x');
  }
  await put(paths, 'docker.io/library/x:latest', ['a']);
  assert.is((await refusal(() => tagImage(paths, 'x', ['Y']))).code, 'usage');
});

test('two builds that add to one list at once keep what both note with it', async () => {
  const paths = newStore();
  const name = 'docker.io/library/list:latest';
  const { id, digest } = await put(paths, 'docker.io/library/x:1', ['a']);
  const member = { id, digest, annotations: {} };
  const add = (annotations: Record<string, string>) =>
    putBuiltList(paths, name, [member], { adds: true, annotations });
  await Promise.all([add({ one: '1' }), add({ two: '2' })]);
  assert.equal(readList(paths, name).index.annotations, { one: '1', two: '2' });
  await putBuiltList(paths, name, [member], { annotations: { three: '3' } });
  assert.equal(readList(paths, name).index.annotations, { three: '3' });
});

test('many writers at once lose nothing', async () => {
  const paths = newStore();
  const numbers = Array.from({ length: 12 }, (_, n) => n);
  await Promise.all(numbers.map((n) => put(paths, `docker.io/library/x:${n}`, ['shared', `own ${n}`])));
  assert.is(listImages(paths).length, 12);
  await Promise.all(numbers.filter((n) => n % 2).map((n) => removeImage(paths, `x:${n}`)));
  assert.equal(
    listImages(paths).flatMap(({ names }) => names),
    numbers
      .filter((n) => n % 2 === 0)
      .map((n) => `docker.io/library/x:${n}`)
      .sort(byArrival(paths)),
  );
  assert.ok(hasLayer(paths, 'shared'));
  assert.equal(readdirSync(paths.partial), []);
});

function byArrival(paths: Paths): (a: string, b: string) => number {
  const order = listImages(paths).flatMap(({ names }) => names);
  return (a, b) => order.indexOf(a) - order.indexOf(b);
}

test('a broken index is named with the way out', async () => {
  const paths = newStore();
  await put(paths, 'docker.io/library/x:latest', ['a']);
  for (const text of ['{"manifests": [{"digest": 5}]}', '', 'null']) {
    writeFileSync(join(paths.images, 'index.json'), text);
    const error = await refusal(() => resolveImage(paths, 'x'));
    assert.is(error.code, 'invalid');
    assert.match(error.message, 'index.json');
    assert.match(error.hint!, 'tsc-pod system check --repair');
  }
});

test('entries of other tools are images too', async () => {
  const paths = newStore();
  const image = makeImage(paths, undefined, ['a']);
  const digest = digestOf(image.manifest.bytes);
  const config = JSON.parse(Buffer.from(image.manifest.bytes).toString()).config.digest;
  writeBlob(paths, digest, image.manifest.bytes);
  writeBlob(paths, config, image.config);
  const annotations = { 'org.opencontainers.image.ref.name': 'latest' };
  const entry = {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest,
    size: image.manifest.bytes.length,
    annotations,
  };
  writeFileSync(join(paths.images, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [entry] }));
  assert.equal(resolveImage(paths, config.slice(7, 20))?.names, ['latest']);
  assert.is(listImages(paths).length, 1);
});

test('the lookup of one name stays fast among 500 images', async () => {
  const paths = newStore();
  const { manifests } = await (async () => {
    await put(paths, 'docker.io/library/x:latest', ['a']);
    return JSON.parse(readFileSync(join(paths.images, 'index.json'), 'utf8'));
  })();
  const many = Array.from({ length: 500 }, (_, n) => ({
    ...manifests[0],
    annotations: {
      ...manifests[0].annotations,
      'org.opencontainers.image.ref.name': `docker.io/library/y${n}:latest`,
      'tsc-pod.id': digestOf(String(n)).slice(7),
    },
  }));
  writeFileSync(
    join(paths.images, 'index.json'),
    JSON.stringify({ schemaVersion: 2, manifests: [...many, ...manifests] }),
  );
  const times = Array.from({ length: 30 }, () => {
    const start = performance.now();
    assert.ok(resolveImage(paths, 'x'));
    return performance.now() - start;
  });
  const best = Math.min(...times);
  assert.ok(best < 3, `${best.toFixed(2)} ms`);
});

test.run();
