import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PodError } from '../../../../../core/error.ts';
import { digestOf } from '../../../../../core/images/format/digest.ts';
import {
  DOCKER_CONFIG,
  DOCKER_MANIFEST,
  OCI_CONFIG,
  OCI_MANIFEST,
} from '../../../../../core/images/format/media-types.ts';
import type { Descriptor, Manifest } from '../../../../../core/images/format/types.ts';
import { blobPath, type StorePaths, writeBlob } from '../../../../../core/images/layout.ts';
import type { ImageDestination } from '../../../../../core/images/push/destination.ts';
import {
  type SendOptions,
  type SendProgress,
  sendImage,
} from '../../../../../core/images/push/send-image.ts';

const LAYER = 'application/vnd.oci.image.layer.v1.tar';
const DOCKER_LAYER = 'application/vnd.docker.image.rootfs.diff.tar.gzip';
let data: string;
let paths: StorePaths;

test.before.each(() => {
  data = mkdtempSync(join(tmpdir(), 'send-'));
  const at = (name: string): string => join(data, name);
  paths = {
    ...{ data, images: at('images'), layers: at('layers'), partial: at('partial') },
    ...{ trash: at('trash'), locks: at('locks') },
  };
  mkdirSync(paths.partial);
});
test.after.each(() => rmSync(data, { recursive: true }));

function put(content: string, mediaType: string): Descriptor {
  const bytes = Buffer.from(content);
  const digest = digestOf(bytes);
  writeBlob(paths, digest, bytes);
  return { mediaType, digest, size: bytes.length };
}

/** An image whose manifest is written in a way that nobody would write it again. */
function image(mediaType: string, layers: Descriptor[]): Descriptor {
  const config = put('{"rootfs":{}}', mediaType === OCI_MANIFEST ? OCI_CONFIG : DOCKER_CONFIG);
  return put(JSON.stringify({ layers, config, mediaType, schemaVersion: 2 }, null, 3), mediaType);
}

interface Fake extends ImageDestination {
  blobs: Map<string, Buffer>;
  manifests: [name: string, mediaType: string, Manifest, Buffer][];
}

function destination(changes: Partial<ImageDestination> = {}): Fake {
  const blobs = new Map<string, Buffer>();
  const manifests: Fake['manifests'] = [];
  return {
    description: 'fake',
    atOnce: 2,
    compresses: false,
    blobs,
    manifests,
    hasBlob: async ({ digest }) => (blobs.has(digest) ? { kind: 'exists' } : undefined),
    putBlob: async ({ digest }, { path }) => void blobs.set(digest, readFileSync(path)),
    putManifest: async (bytes, mediaType, digest = 'name') => {
      const kept = Buffer.from(bytes);
      manifests.push([digest, mediaType, JSON.parse(kept.toString()), kept]);
    },
    commit: async () => {},
    close: async () => {},
    ...changes,
  };
}

async function send(
  what: Descriptor,
  to: Fake,
  options: Partial<SendOptions> = {},
): Promise<{ progress: SendProgress[]; manifest: Manifest; bytes: Buffer }> {
  const progress: SendProgress[] = [];
  const sent = await sendImage(what, to, { paths, onProgress: (event) => progress.push(event), ...options });
  const [, mediaType, manifest, bytes] = to.manifests.at(-1)!;
  assert.equal(sent, { digest: digestOf(bytes), size: bytes.length, mediaType });
  assert.equal(readdirSync(paths.partial), [], 'nothing is left');
  return { progress, manifest, bytes };
}

async function refusal(work: Promise<unknown>): Promise<PodError> {
  const error = await work.catch((reason: unknown) => reason);
  assert.instance(error, PodError);
  return error as PodError;
}

test('the manifest goes as it is, after every blob has gone once', async () => {
  const layer = put('layer', `${LAYER}+gzip`);
  const what = image(OCI_MANIFEST, [layer, put('other', `${LAYER}+gzip`), layer]);
  const to = destination();
  const { bytes, progress } = await send(what, to);
  assert.equal(bytes, readFileSync(blobPath(paths, what.digest)));
  assert.is(to.blobs.size, 3);
  assert.equal(
    progress.filter(({ kind }) => kind === 'pushed').map(({ of }) => of),
    ['layer', 'layer', 'config'],
  );
  const again = await send(what, to, { byDigest: true });
  assert.not.ok(again.progress.some(({ kind }) => kind === 'pushed'));
  assert.is(to.manifests.at(-1)![0], what.digest);
});

test('a format that is asked for changes the types, and nothing where it is that already', async () => {
  const oci = image(OCI_MANIFEST, [{ ...put('layer', `${LAYER}+gzip`), annotations: { a: 'b' } }]);
  const { manifest } = await send(oci, destination(), { format: 'docker' });
  assert.equal(
    [manifest.mediaType, manifest.config.mediaType, manifest.layers[0]],
    [DOCKER_MANIFEST, DOCKER_CONFIG, put('layer', DOCKER_LAYER)],
  );
  const docker = image(DOCKER_MANIFEST, [put('layer', DOCKER_LAYER)]);
  const back = await send(docker, destination(), { format: 'oci' });
  assert.equal(
    [back.manifest.mediaType, back.manifest.config.mediaType, back.manifest.layers[0]!.mediaType],
    [OCI_MANIFEST, OCI_CONFIG, `${LAYER}+gzip`],
  );
  const same = await send(docker, destination(), { format: 'docker' });
  assert.equal(same.bytes, readFileSync(blobPath(paths, docker.digest)));
});

test('an uncompressed layer is compressed for a place that wants that, the same way each time', async () => {
  const what = image(OCI_MANIFEST, [put('x'.repeat(10_000), LAYER)]);
  const kept = await send(what, destination());
  assert.is(kept.manifest.layers[0]!.mediaType, LAYER);
  const to = destination({ compresses: true });
  const { manifest, progress } = await send(what, to);
  const [layer] = manifest.layers;
  assert.is(layer!.mediaType, `${LAYER}+gzip`);
  assert.is(layer!.size, to.blobs.get(layer!.digest)!.length);
  assert.is(gunzipSync(to.blobs.get(layer!.digest)!).toString(), 'x'.repeat(10_000));
  assert.ok(progress.some(({ kind }) => kind === 'compressing'));
  const again = await send(what, to);
  assert.ok(again.progress.some(({ of, kind }) => of === 'layer' && kind === 'exists'));
  assert.equal(again.bytes, to.manifests[0]![3]);
});

test('a compression that is asked for is that of all layers; a level alone touches nothing', async () => {
  const what = image(OCI_MANIFEST, [put('x'.repeat(5000), LAYER), put('packed', `${LAYER}+zstd`)]);
  const to = destination();
  const { manifest } = await send(what, to, { compressionFormat: 'zstd', compressionLevel: 19 });
  assert.equal(
    manifest.layers.map(({ mediaType }) => mediaType),
    [`${LAYER}+zstd`, `${LAYER}+zstd`],
  );
  assert.is(manifest.layers[1]!.digest, digestOf('packed'), 'not compressed again');
  const [layer] = manifest.layers;
  assert.is(zstdDecompressSync(to.blobs.get(layer!.digest)!).toString(), 'x'.repeat(5000));
  const same = await send(what, destination(), { compressionLevel: 9 });
  assert.equal(same.bytes, readFileSync(blobPath(paths, what.digest)));
  const error = await refusal(send(what, to, { compressionFormat: 'zstd', format: 'docker' }));
  assert.is(error.code, 'unsupported');
});

test('the first failure stops what is on its way, and no manifest follows', async () => {
  const layers = ['a', 'b', 'c', 'd', 'e'].map((text) => put(text, `${LAYER}+gzip`));
  const begun: string[] = [];
  const ended: string[] = [];
  const to = destination({
    putBlob: ({ digest }, _, { signal }) => {
      begun.push(digest);
      if (digest === layers[1]!.digest) throw new PodError({ code: 'network', message: 'broken' });
      return new Promise((_, reject) => {
        signal!.addEventListener('abort', () => {
          ended.push(digest);
          reject(signal!.reason);
        });
      });
    },
  });
  const error = await refusal(sendImage(image(OCI_MANIFEST, layers), to, { paths }));
  assert.is(error.message, 'broken');
  assert.equal(begun.sort(), [layers[0]!.digest, layers[1]!.digest].sort());
  assert.equal(ended, [layers[0]!.digest]);
  assert.equal(to.manifests, []);
});

test('what the store has lost is told before anything is sent', async () => {
  const layer = put('layer', `${LAYER}+gzip`);
  const what = image(OCI_MANIFEST, [layer]);
  rmSync(blobPath(paths, layer.digest));
  const to = destination();
  const error = await refusal(sendImage(what, to, { paths }));
  assert.is(error.code, 'invalid');
  assert.match(error.hint!, 'system check --repair');
  assert.is(to.blobs.size, 0);
});

test.run();
