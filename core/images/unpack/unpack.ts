/**
 * Unpacks a layer once, into `layers/<hex of the diff id>/fs`: decompress, hash, read the tar and hand file
 * operations to the launcher, all at the same time. A layer is there whole or not at all: it is made aside,
 * checked against its diff id, and renamed.
 *
 *   layers/<hex>/fs     what the layer holds, owners mapped as in the user's namespace
 *   layers/<hex>/size   bytes of the layer's tar, as text
 *   layers/<hex>/opaque there when the layer hides everything below it: the kernel's overlay doesn't look for that
 *   layers/tmp.<pid>.<start>.<random>/   one that is being made, by that process (process-identity.ts)
 */

import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeFileOps, type FileOps } from '../../../rootless/file-ops.ts';
import { decompress, EXPANSION_LIMIT } from '../../archive/decompress.ts';
import { layerOps } from '../../archive/layer-ops.ts';
import { createTarParser } from '../../archive/tar-parser.ts';
import { identify, isSameProcess } from '../../container/process-identity.ts';
import { errnoOf, PodError } from '../../error.ts';
import { namesIn } from '../../names-in.ts';
import { parseDigest } from '../format/digest.ts';
import { type ApplyJob, enterAndDo, type Namespace, startApply } from './apply-job.ts';

export interface UnpackOptions {
  /** The store's `layers` directory; it exists. */
  layersDir: string;
  namespace: Namespace;
  /** "sha256:<hex>" of the uncompressed tar; without it the layer gets whatever digest it has. */
  diffId?: string;
  /** False leaves the writing to disk to the kernel: after a power loss the layer may be damaged. Default true. */
  sync?: boolean;
  signal?: AbortSignal;
  /** What the user should know though all went well: owners that can't be kept, for instance. */
  onNotice?: (text: string) => void;
}

export interface UnpackedLayer {
  diffId: string;
  /** Bytes of the uncompressed tar. */
  size: number;
}

/** One chunk is worked on while the one before is being taken by the launcher; one to spare. */
const TURNS = 3;

interface AppliedLayer extends UnpackedLayer {
  hidesAll: boolean;
}

/**
 * Of an image's layers, the lowest first, those that can be seen: none below one that hides everything, and of one that
 * is there twice the upper (what the lower has and hides, the upper has and hides, too): an overlay takes no directory twice.
 */
export function visibleLayers(layersDir: string, diffIds: readonly string[]): readonly string[] {
  const hides = (diffId: string): boolean => existsSync(join(layerPath(layersDir, diffId), 'opaque'));
  const visible = diffIds.slice(Math.max(0, diffIds.findLastIndex(hides)));
  return new Set(visible).size === visible.length ? visible : [...new Set(visible.toReversed())].toReversed();
}

/** The layer as it is in the store, or undefined. */
export async function findLayer(layersDir: string, diffId: string): Promise<UnpackedLayer | undefined> {
  const directory = layerPath(layersDir, diffId);
  try {
    return { diffId, size: Number(await readFile(join(directory, 'size'), 'utf8')) };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Unpacks the layer that `source` gives: a tar, as it is or compressed by gzip or zstd. A layer that is there
 * already is left, and `source` isn't read. Two at once do the work twice, and both succeed. Errors: 'invalid'
 * for a layer that is damaged, hostile or not the one that was expected, 'no-space', 'interrupted', 'io'; what
 * `source` throws comes through. Nothing is left behind then.
 */
export async function unpackLayer(
  source: AsyncIterable<Uint8Array>,
  options: UnpackOptions,
): Promise<UnpackedLayer> {
  const present = options.diffId && (await findLayer(options.layersDir, options.diffId));
  if (present) return present;
  const { pid, start } = identify(process.pid);
  const aside = join(options.layersDir, `tmp.${pid}.${start}.${randomBytes(6).toString('hex')}`);
  // Closed to others on this machine: set-user-ID programs of a container's root are the user's own outside of it.
  await mkdir(aside, { mode: 0o700 });
  await mkdir(join(aside, 'fs'));
  await chmod(join(aside, 'fs'), 0o755); // whatever the umask; the layer's own root entry may change it
  try {
    const { hidesAll, ...layer } = await applyLayer(source, join(aside, 'fs'), options);
    if (hidesAll) await writeFile(join(aside, 'opaque'), '', { flush: options.sync ?? true });
    await writeFile(join(aside, 'size'), String(layer.size), { flush: options.sync ?? true });
    const left = await publish(aside, layerPath(options.layersDir, layer.diffId));
    if (left) await removeTree(left, options.namespace);
    return layer;
  } catch (error) {
    await removeTree(aside, options.namespace).catch(() => {}); // the first error is the one to tell
    throw error;
  }
}

/** What processes that were killed have left half-made: to be removed by the root of the namespace. */
export function abandonedLayers(layersDir: string): string[] {
  const isAbandoned = (name: string): boolean => {
    const [tmp, pid, start] = name.split('.');
    return tmp === 'tmp' && !isSameProcess({ pid: Number(pid), start: start ?? '' });
  };
  return namesIn(layersDir)
    .filter(isAbandoned)
    .map((name) => join(layersDir, name));
}

/** Removes a directory of the store whose files may belong to any id of the namespace. */
export async function removeTree(path: string, namespace: Namespace): Promise<void> {
  try {
    await enterAndDo(namespace, ['remove', path]);
  } catch (error) {
    // Where no namespace can be made there are no other owners either.
    await rm(path, { recursive: true, force: true }).catch(() => {
      throw error;
    });
  }
}

async function applyLayer(
  source: AsyncIterable<Uint8Array>,
  directory: string,
  options: UnpackOptions,
): Promise<AppliedLayer> {
  const { signal } = options;
  if (signal?.aborted) throw interrupted(signal);
  const job = startApply(options.namespace, ['apply', directory], 'cannot unpack the layer');
  const aborted = new Promise<never>((_, reject) => {
    signal?.addEventListener('abort', () => reject(interrupted(signal)), { once: true });
  });
  aborted.catch(() => {});
  try {
    const layer = await Promise.race([feed(source, job, options), aborted]);
    for (const text of await Promise.race([job.done, aborted])) options.onNotice?.(text);
    return layer;
  } catch (error) {
    job.kill();
    await job.done.catch(() => {});
    throw error;
  }
}

async function feed(
  source: AsyncIterable<Uint8Array>,
  job: ApplyJob,
  options: UnpackOptions,
): Promise<AppliedLayer> {
  const algorithm = options.diffId ? parseDigest(options.diffId, 'a layer').algorithm : 'sha256';
  const hash = createHash(algorithm);
  const ops = encodeFileOps();
  const entries = layerOps(ops);
  const parser = createTarParser(entries);
  const unchecked = options.diffId !== undefined;
  let size = 0;
  // While the job takes one chunk's operations, the next chunk is decompressed, hashed and read.
  let sending = Promise.resolve();
  for await (const chunk of decompress(source, expansionLimit(), { turns: TURNS, unchecked })) {
    hash.update(chunk);
    size += chunk.length;
    parser.write(chunk);
    await sending;
    sending = job.send(ops.take());
    sending.catch(() => {});
  }
  parser.end();
  entries.finish();
  const diffId = `${algorithm}:${hash.digest('hex')}`;
  if (options.diffId !== undefined && diffId !== options.diffId) throw wrongDigest(options.diffId, diffId);
  await sending;
  await sendEnd(job, ops, options.sync ?? true);
  return { diffId, size, hidesAll: entries.hidesAll() };
}

async function sendEnd(job: ApplyJob, ops: FileOps, sync: boolean): Promise<void> {
  if (sync) ops.sync();
  ops.end();
  await job.send(ops.take());
  job.end();
}

/**
 * Puts the layer at `target`, unless it is there already. What is left over then is to be removed: `aside`, or what lay
 * there without the mark that it is whole, since who removed it was killed.
 */
async function publish(aside: string, target: string): Promise<string | undefined> {
  try {
    await rename(aside, target);
    return undefined;
  } catch (error) {
    const code = errnoOf(error);
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  }
  if (existsSync(join(target, 'size'))) return aside;
  const partial = `${aside}.partial`;
  await rename(target, partial);
  await rename(aside, target);
  return partial;
}

/** The bound on what a layer may expand to; TSC_POD_MAX_LAYER_SIZE, in bytes, replaces it. */
function expansionLimit() {
  const bytes = Number(process.env.TSC_POD_MAX_LAYER_SIZE);
  if (!Number.isSafeInteger(bytes) || bytes <= 0) return EXPANSION_LIMIT;
  return { free: bytes, ratio: EXPANSION_LIMIT.ratio, bytes };
}

function layerPath(layersDir: string, diffId: string): string {
  return join(layersDir, parseDigest(diffId, 'a layer').hex);
}

function wrongDigest(wanted: string, found: string): PodError {
  return new PodError({
    code: 'invalid',
    message: `cannot unpack the layer ${wanted}`,
    why: `its content has the digest ${found}`,
  });
}

function interrupted(signal: AbortSignal): PodError {
  return new PodError({ code: 'interrupted', message: 'unpacking was interrupted', cause: signal.reason });
}
