/**
 * Images that the program carries, as OCI archives (scripts/builtin-image.ts): put into the store on first use, with
 * no network. From then on they are images as any other.
 */
import { mkdirSync } from 'node:fs';
import { createTarParser } from '../archive/tar-parser.ts';
import { PodError } from '../error.ts';
import { parseImageConfig } from './format/image-config.ts';
import { parseAnyManifest, parseIndex } from './format/manifest.ts';
import type { Descriptor, ImageRecord } from './format/types.ts';
import { type StorePaths, writeBlob } from './layout.ts';
import { putImage } from './store.ts';
import type { Namespace } from './unpack/apply-job.ts';
import { unpackLayer } from './unpack/unpack.ts';

/** What follows "builtin:" in the names there are. */
const BUILTIN_IMAGES = ['busybox'];

/** Reads one of the files that were packed into the program: `sea.getAsset` in the binary. */
export type ReadAsset = (key: string) => Uint8Array;

/** The asset of an image's archive. */
function builtinAsset(name: string): string {
  return `builtin/${name}.tar`;
}

/**
 * Puts `builtin:NAME` into the store and gives its record. Throws PodError `not-found` for a name there isn't, and what
 * unpacking throws.
 */
export async function loadBuiltin(
  name: string,
  paths: StorePaths,
  namespace: Namespace,
  readAsset: ReadAsset,
): Promise<ImageRecord> {
  if (!BUILTIN_IMAGES.includes(name))
    throw new PodError({
      code: 'not-found',
      message: `no built-in image "${name}"`,
      hint: `there is: ${BUILTIN_IMAGES.map((known) => `builtin:${known}`).join(', ')}`,
    });
  const files = readFiles(readAsset(builtinAsset(name)));
  const what = `builtin:${name}`;
  const blob = ({ digest }: Descriptor): Uint8Array =>
    fileOf(files, `blobs/${digest.replace(':', '/')}`, what);
  const [entry] = parseIndex(fileOf(files, 'index.json', what), what).manifests;
  if (!entry) throw broken(what);
  const parsed = parseAnyManifest(blob(entry), entry.mediaType, what);
  if (parsed.kind !== 'manifest') throw broken(what);
  const { manifest } = parsed;
  const config = blob(manifest.config);
  const diffIds = parseImageConfig(config, what).rootfs.diff_ids;
  mkdirSync(paths.layers, { recursive: true, mode: 0o700 });
  let unpackedSize = 0;
  for (const [i, descriptor] of manifest.layers.entries()) {
    const bytes = blob(descriptor);
    writeBlob(paths, descriptor.digest, bytes);
    const diffId = diffIds[i] as string;
    const layer = await unpackLayer(once(bytes), { layersDir: paths.layers, namespace, diffId });
    unpackedSize += layer.size;
  }
  const image = {
    name: what,
    manifest: { bytes: blob(entry), mediaType: entry.mediaType },
    config,
    unpackedSize,
  };
  const record = await putImage(paths, image);
  if (!record)
    throw new PodError({ code: 'conflict', message: `cannot load ${what}`, why: 'it was removed meanwhile' });
  return record;
}

/** The regular files of an archive in memory. */
function readFiles(archive: Uint8Array): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  let current = '';
  const parser = createTarParser({
    entry: ({ path }) => {
      current = path;
      files.set(path, new Uint8Array(0));
    },
    data: (bytes) => void files.set(current, bytes),
    hole: () => {},
  });
  parser.write(archive); // in one piece: so is each file's data
  parser.end();
  return files;
}

function fileOf(files: ReadonlyMap<string, Uint8Array>, path: string, what: string): Uint8Array {
  const bytes = files.get(path);
  if (!bytes) throw broken(what);
  return bytes;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function broken(what: string): PodError {
  return new PodError({ code: 'invalid', message: `the image ${what} in this program is damaged` });
}
