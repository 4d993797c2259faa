/**
 * Images of podman's, buildah's and skopeo's own store (containers/storage; containers-storage(5)), which is only read.
 * It keeps no layer as it came, but unpacked: the tars are put together again, so that the config and the diff ids are
 * those of the image, and the manifest is one of uncompressed layers.
 */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from '../../config/read-config.ts';
import { loadStorageConfig } from '../../config/storage-conf.ts';
import { PodError } from '../../error.ts';
import { printable, type TransportReference } from '../../reference.ts';
import { digestOf } from '../format/digest.ts';
import { parseImageConfig } from '../format/image-config.ts';
import { invalid, isFields, parseJsonList } from '../format/json.ts';
import { parseAnyManifest } from '../format/manifest.ts';
import type { Descriptor } from '../format/types.ts';
import { manifestOf } from '../new-image.ts';
import type { ImageSource } from '../pull/source.ts';
import type { Namespace } from '../unpack/apply-job.ts';
import { dockerName, type FoundImage, localName } from './found-image.ts';
import { joinTar } from './tar-split.ts';

interface StoredImage {
  readonly id: string;
  readonly names: readonly string[];
  /** The topmost layer. */
  readonly layer: string | undefined;
}

interface StoredLayer {
  readonly id: string;
  readonly parent: string | undefined;
  readonly diffId: string;
  readonly size: number;
}

interface Store {
  readonly root: string;
  readonly driver: 'overlay' | 'vfs';
}

const ID = /^[a-f0-9]{64}$/;

/** `[DRIVER@ROOT+RUN]NAME` names the store, as in skopeo; else it is where storage.conf says that the user's is. */
export async function storedImage(
  reference: TransportReference,
  env: Environment,
  namespace: () => Promise<Namespace> | Namespace,
): Promise<FoundImage> {
  const [, driver, given, text = reference.path] =
    /^\[(?:(\w+)@)?([^+\]]*)[^\]]*\](.*)$/.exec(reference.path) ?? [];
  const what = `containers-storage:${reference.path}`;
  const usual = given ? undefined : await loadStorageConfig(env);
  const store = findStore(given || usual!.root, driver ?? usual?.driver, what);
  const image = findImage(readImages(store), text, what);
  const all = image.names.map(dockerName).filter((name) => name !== undefined);
  const said = [localName(text), dockerName(text)].find((name) => name !== undefined && all.includes(name));
  const names = said === undefined ? all : [said];
  return { names, source: sourceOf(store, image, what, namespace) };
}

function findStore(root: string, driver: string | undefined, what: string): Store {
  for (const known of ['overlay', 'vfs'] as const)
    if ((driver ?? known) === known && existsSync(join(root, `${known}-images/images.json`)))
      return { root, driver: known };
  throw new PodError({
    code: 'not-found',
    message: `cannot use ${what}`,
    why: `there is no store of podman in ${root} (of the drivers overlay and vfs)`,
    hint: 'podman info --format {{.Store.GraphRoot}}, then containers-storage:[overlay@THAT]NAME',
  });
}

function readList(path: string): Record<string, unknown>[] {
  return existsSync(path)
    ? parseJsonList(readFileSync(path), path, Number.POSITIVE_INFINITY).filter(isFields)
    : [];
}

const strings = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
const id = (value: unknown): string | undefined =>
  typeof value === 'string' && ID.test(value) ? value : undefined;

function readImages({ root, driver }: Store): StoredImage[] {
  return readList(join(root, `${driver}-images/images.json`)).flatMap((image) => {
    const own = id(image.id);
    return own === undefined ? [] : [{ id: own, names: strings(image.names), layer: id(image.layer) }];
  });
}

function findImage(images: readonly StoredImage[], text: string, what: string): StoredImage {
  const wanted = [localName(text), dockerName(text)].filter((name) => name !== undefined);
  for (const name of wanted) {
    const found = images.find((image) => image.names.some((own) => dockerName(own) === name));
    if (found) return found;
  }
  const byId = /^[a-f0-9]{3,64}$/.test(text) ? images.filter((image) => image.id.startsWith(text)) : [];
  if (byId.length === 1) return byId[0]!;
  throw new PodError({
    code: byId.length > 1 ? 'conflict' : 'not-found',
    message: byId.length > 1 ? `image id ${text} is ambiguous` : `no image ${printable(text)} in ${what}`,
  });
}

/** The layers of an image, the lowest first. */
function layersOf({ root, driver }: Store, { layer }: StoredImage, what: string): StoredLayer[] {
  const layers = new Map<string, StoredLayer>();
  for (const one of readList(join(root, `${driver}-layers/layers.json`))) {
    const own = id(one.id);
    const { 'diff-digest': diffId, 'diff-size': size } = one;
    if (own === undefined || typeof diffId !== 'string' || !Number.isSafeInteger(size)) continue;
    layers.set(own, { id: own, parent: id(one.parent), diffId, size: size as number });
  }
  const chain: StoredLayer[] = [];
  for (let at = layer; at !== undefined; at = chain[0]!.parent) {
    const found = layers.get(at);
    if (found === undefined || chain.includes(found))
      throw invalid(what, `its layer ${at.slice(0, 12)} is not there`);
    chain.unshift(found);
  }
  return chain;
}

function sourceOf(
  store: Store,
  image: StoredImage,
  what: string,
  namespace: () => Promise<Namespace> | Namespace,
): ImageSource {
  const { root, driver } = store;
  /** What is kept of an image beside its layers; a name that is no plain word is encoded. */
  const read = (name: string): Buffer => {
    const file = name === 'manifest' ? name : `=${Buffer.from(name).toString('base64')}`;
    const path = join(root, `${driver}-images`, image.id, file);
    if (!existsSync(path)) throw invalid(what, `its ${name} is not there`);
    return readFileSync(path);
  };
  const layers = layersOf(store, image, what);
  const own = parseAnyManifest(read('manifest'), '', what);
  if (own.kind !== 'manifest') throw invalid(what, 'it is a list');
  const configDigest = own.manifest.config.digest;
  const lost = (digest: string): PodError => invalid(what, `it has no blob ${digest.slice(0, 19)}`);

  return {
    transport: 'containers-storage',
    description: what,
    retry: { tries: 1, base: 0, longest: 0 },
    async manifest(digest) {
      if (digest !== undefined) throw lost(digest);
      const config = read(configDigest);
      const diffIds = parseImageConfig(config, what).rootfs.diff_ids;
      const blobs = diffIds.map((diffId): Descriptor => {
        const layer = layers.find((one) => one.diffId === diffId);
        if (layer === undefined) throw lost(diffId);
        return { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: diffId, size: layer.size };
      });
      const made = manifestOf(blobs, config, own.mediaType.includes('docker'));
      return { bytes: Buffer.from(made.bytes), mediaType: made.mediaType, digest: digestOf(made.bytes) };
    },
    async smallBlob(digest) {
      if (digest !== configDigest) throw lost(digest);
      const bytes = read(digest);
      if (digestOf(bytes) !== digest) throw invalid(what, 'its config is damaged');
      return bytes;
    },
    async openBlob(digest) {
      const layer = layers.find((one) => one.diffId === digest);
      if (layer === undefined) throw lost(digest);
      const directory = join(root, driver, driver === 'vfs' ? `dir/${layer.id}` : `${layer.id}/diff`);
      const split = join(root, `${driver}-layers`, `${layer.id}.tar-split.gz`);
      return { from: 0, chunks: joinTar({ directory, split }, await namespace()) };
    },
  };
}
