/** Files of the user's folder, which others may change meanwhile: what is read is what was found, or an error. */

import { createHash } from 'node:crypto';
import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { printable } from '../../archive/tar-entry.ts';
import { errnoOf, PodError } from '../../error.ts';

/** By what a file is known again; no change of its content leaves all of them as they are. */
export interface FileIdentity {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

export interface HostFile {
  /** For system calls. */
  readonly path: Buffer;
  /** For errors: a byte string. */
  readonly name: string;
  readonly size: number;
  /** It has holes. */
  readonly sparse: boolean;
  readonly identity: FileIdentity;
}

const CHUNK = 1 << 20;
const ZEROS = Buffer.alloc(CHUNK);
/** So many chunks are read before others have their turn. */
const TURN = 8;
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

export function identityOf(about: BigIntStats): FileIdentity {
  const { dev, ino, size, mtimeNs, ctimeNs } = about;
  return { dev, ino, size, mtimeNs, ctimeNs };
}

function sameIdentity(one: FileIdentity, other: FileIdentity): boolean {
  return (
    one.ino === other.ino &&
    one.size === other.size &&
    one.mtimeNs === other.mtimeNs &&
    one.ctimeNs === other.ctimeNs &&
    one.dev === other.dev
  );
}

export function unreadable(name: string, error: unknown): unknown {
  const message = `cannot read ${printable(name)} of the build context`;
  switch (errnoOf(error)) {
    case 'ENOENT':
    case 'ELOOP':
    case 'ENXIO':
    case 'ENOTDIR':
      return changed(name);
    case 'EACCES':
    case 'EPERM':
      return new PodError({
        code: 'denied',
        message,
        why: 'you may not read it',
        hint: 'change its mode, or leave it out by a line in .dockerignore',
        cause: error,
      });
    case 'ENAMETOOLONG':
      return new PodError({ code: 'invalid', message, why: 'its path is too long' });
    default:
      return error;
  }
}

function changed(name: string): PodError {
  return new PodError({
    code: 'conflict',
    message: `cannot read ${printable(name)} of the build context`,
    why: 'it was changed while the build read it',
    hint: 'build again when nothing writes to it, or leave it out by a line in .dockerignore',
  });
}

/**
 * The file's bytes in pieces of 1 MiB, from 0 on; a number is so many zero bytes, a whole piece of them. A piece is
 * good until the next one is asked for when `memory` is given, else for ever.
 */
async function* pieces(file: HostFile, memory?: Buffer): AsyncGenerator<Buffer | number, void, undefined> {
  const fd = openChecked(file);
  let free = memory;
  try {
    for (let at = 0, turn = 1; at < file.size; turn++) {
      const length = Math.min(CHUNK, file.size - at);
      const piece = (free ?? Buffer.allocUnsafeSlow(length)).subarray(0, length);
      fill(fd, piece, at, file.name);
      at += length;
      const isHole = file.sparse && length === CHUNK && piece.equals(ZEROS);
      // Nobody has what was a hole: gigabytes of them need the memory of one piece.
      free = memory ?? (isHole ? piece : undefined);
      yield isHole ? length : piece;
      if (turn % TURN === 0) await setImmediate();
    }
    if (file.size > CHUNK) check(fd, file);
  } finally {
    closeSync(fd);
  }
}

function openChecked(file: HostFile): number {
  let fd: number;
  try {
    fd = openSync(file.path, FLAGS);
  } catch (error) {
    throw unreadable(file.name, error);
  }
  try {
    check(fd, file);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function check(fd: number, file: HostFile): void {
  if (!sameIdentity(identityOf(fstatSync(fd, { bigint: true })), file.identity)) throw changed(file.name);
}

function fill(fd: number, piece: Buffer, position: number, name: string): void {
  for (let done = 0; done < piece.length; ) {
    const n = readSync(fd, piece, done, piece.length - done, position + done);
    if (n === 0) throw changed(name);
    done += n;
  }
}

/** Gives the file's bytes; a hole where there are many zeros and the file has holes. */
export async function sendFile(
  file: HostFile,
  sink: { data(bytes: Uint8Array): void; hole(length: number): void },
  drain: () => Promise<void>,
): Promise<void> {
  for await (const piece of pieces(file)) {
    if (typeof piece === 'number') sink.hole(piece);
    else sink.data(piece);
    await drain();
  }
}

/** All bytes of a small file. */
export function readWhole(file: HostFile): Buffer {
  const fd = openChecked(file);
  try {
    const bytes = Buffer.allocUnsafe(file.size);
    fill(fd, bytes, 0, file.name);
    return bytes;
  } finally {
    closeSync(fd);
  }
}

/** A small file is read at once. */
const SMALL = 64 << 10;

/** A text that stands for the content: sha256 of it, where pieces of zeros in files with holes are but counted. */
export async function fingerprint(file: HostFile, memory: Buffer): Promise<string> {
  const hash = createHash('sha256');
  if (file.size <= SMALL) return hash.update(readWhole(file)).digest('hex');
  const zeros: number[] = [];
  let at = 0;
  for await (const piece of pieces(file, memory)) {
    if (typeof piece === 'number') zeros.push(at);
    else hash.update(piece);
    at++;
  }
  return zeros.length === 0 ? hash.digest('hex') : `${hash.digest('hex')}+${runs(zeros)}/${file.size}`;
}

/** [0,1,2,5] as "0-2,5". */
function runs(numbers: readonly number[]): string {
  const found: [number, number][] = [];
  for (const number of numbers) {
    const last = found.at(-1);
    if (last && last[1] === number - 1) last[1] = number;
    else found.push([number, number]);
  }
  return found.map(([from, to]) => (from === to ? from : `${from}-${to}`)).join(',');
}

/** Memory for `fingerprint`, made when it is first needed. */
export function hashMemory(): () => Buffer {
  let memory: Buffer | undefined;
  return () => {
    memory ??= Buffer.allocUnsafeSlow(CHUNK);
    return memory;
  };
}
