/**
 * The OCI image layout in `images/` (image-spec, image-layout.md). Blobs never change; index.json changes in one
 * step, by one writer at a time. Reading takes no lock.
 */

import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { asidePath, collectAside } from '../aside.ts';
import { callReason, errnoOf, PodError } from '../error.ts';
import { withLock } from '../lock.ts';
import type { Paths } from '../paths.ts';
import { writeBytes } from '../write-file.ts';
import { parseDigest } from './format/digest.ts';
import { parseOwnIndex } from './format/manifest.ts';
import type { Index } from './format/types.ts';

/** The folders of the store. */
export type StorePaths = Pick<Paths, 'data' | 'images' | 'layers' | 'partial' | 'trash' | 'locks'>;

/** image-spec, annotations.md: the name of an index entry. */
export const REF_NAME = 'org.opencontainers.image.ref.name';

const EMPTY: Index = { schemaVersion: 2, manifests: [] };

/** Where a blob lies. Throws PodError `invalid` for what is no digest. */
export function blobPath(paths: Pick<Paths, 'images'>, digest: string): string {
  const { algorithm, hex } = parseDigest(digest, 'a blob');
  return join(paths.images, 'blobs', algorithm, hex);
}

/** Where an unpacked layer lies: `layers/<hex digits of its diff id>`. */
export function layerPath(paths: Pick<Paths, 'layers'>, diffId: string): string {
  return join(paths.layers, parseDigest(diffId, 'a layer').hex);
}

/** Bytes of a stored blob, or undefined when it isn't there. */
export function blobSize(paths: Pick<Paths, 'images'>, digest: string): number | undefined {
  return statSync(blobPath(paths, digest), { throwIfNoEntry: false })?.size;
}

export function hasLayer(paths: Pick<Paths, 'layers'>, diffId: string): boolean {
  return existsSync(layerPath(paths, diffId));
}

/** A small blob's bytes. Throws PodError `invalid` when the store has lost it. */
export function readBlob(paths: Pick<Paths, 'images'>, digest: string): Buffer {
  try {
    return readFileSync(blobPath(paths, digest));
  } catch (error) {
    if (error instanceof PodError) throw error;
    const lost = errnoOf(error) === 'ENOENT';
    throw new PodError({
      code: lost ? 'invalid' : 'io',
      message: `cannot read blob ${digest} of the image store`,
      why: lost ? 'it is missing' : String(error),
      hint: 'tsc-pod system check --repair',
      cause: error,
    });
  }
}

/** Puts a small blob in its place in one step. */
export function writeBlob(paths: StorePaths, digest: string, bytes: Uint8Array): void {
  const target = blobPath(paths, digest);
  if (statSync(target, { throwIfNoEntry: false })?.size === bytes.length) return;
  mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
  replaceFile(paths, target, bytes);
}

/** What files are called that become a blob or go, but for downloads: those are gone on with. */
export function asideIn({ partial }: Pick<StorePaths, 'partial'>): string {
  return join(partial, 'aside');
}

/** A new one's path. What killed processes have left of them goes. */
export function newPartial(paths: Pick<StorePaths, 'partial'>): string {
  mkdirSync(paths.partial, { recursive: true, mode: 0o700 });
  collectAside(asideIn(paths));
  return asidePath(asideIn(paths));
}

/** Writes aside (on the same file system, outside the layout), to the disk, and renames. */
function replaceFile(paths: StorePaths, target: string, bytes: Uint8Array | string): void {
  const aside = newPartial(paths);
  try {
    const descriptor = openSync(aside, 'wx', 0o644);
    try {
      writeBytes(descriptor, target, Buffer.from(bytes as string));
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(aside, target);
  } catch (error) {
    removeFile(aside);
    throw storeError(error, `cannot write ${target}`);
  }
}

/** Removes a file that may be gone already. */
export function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}

/** A failed system call on the store as a PodError: a full disk is told as such. */
export function storeError(error: unknown, message: string): PodError {
  if (error instanceof PodError) return error;
  const errno = errnoOf(error);
  const full = errno === 'ENOSPC' || errno === 'EDQUOT';
  return new PodError({
    code: full ? 'no-space' : errno === 'EACCES' || errno === 'EPERM' ? 'denied' : 'io',
    message,
    why: full ? 'the disk is full' : callReason(error),
    ...(full && { hint: 'free some space: tsc-pod system prune, or another disk with --root DIR' }),
    cause: error,
  });
}

/** Reads something of the store: where it is damaged, the error says what mends it. */
export function ofStore<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof PodError) || error.code !== 'invalid' || error.hint !== undefined) throw error;
    const { code, message, why } = error;
    const hint = 'tsc-pod system check --repair';
    throw new PodError({ code, message, why, hint, cause: error });
  }
}

/** The layout's index; an empty one before the first image. */
export function readIndex(paths: Pick<Paths, 'images'>): Index {
  const file = join(paths.images, 'index.json');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return EMPTY;
    throw storeError(error, `cannot read ${file}`);
  }
  return ofStore(() => parseOwnIndex(text, file));
}

/**
 * Changes the index while no other writer can: `change` gets the current one and returns the new one, or undefined
 * to leave it. Whatever it does to the store besides is under the same lock.
 */
export async function updateIndex<T>(
  paths: StorePaths,
  change: (index: Index) => { index?: Index | undefined; result: T; after?: (() => void) | undefined },
): Promise<T> {
  mkdirSync(paths.locks, { recursive: true, mode: 0o700 });
  return withLock(join(paths.locks, 'images'), async () => {
    const { index, result, after } = change(readIndex(paths));
    if (index !== undefined) {
      mkdirSync(join(paths.images, 'blobs/sha256'), { recursive: true, mode: 0o700 });
      const marker = join(paths.images, 'oci-layout');
      if (!existsSync(marker)) replaceFile(paths, marker, '{"imageLayoutVersion":"1.0.0"}');
      replaceFile(paths, join(paths.images, 'index.json'), JSON.stringify(index));
    }
    after?.();
    return result;
  });
}
