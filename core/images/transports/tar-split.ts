/**
 * A layer's tar as it was, from what containers/storage keeps of it: the files, unpacked, and in ID.tar-split.gz
 * (vbatts/tar-split, JSON lines) everything that is between their contents.
 */

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { spawnLauncher } from '../../../rootless/launcher.ts';
import type { Operation } from '../../../rootless/plan.ts';
import { keptOutput } from '../../child-output.ts';
import { PodError } from '../../error.ts';
import type { Namespace } from '../unpack/apply-job.ts';

export interface SplitLayer {
  /** DIFF of the store: the layer's files, owned by ids of the user's namespace. */
  readonly directory: string;
  /** Path of ID.tar-split.gz. */
  readonly split: string;
}

/** A piece of the tar: bytes that are there, or so many of the next file. */
type Piece = { readonly bytes: Buffer } | { readonly name: Buffer; readonly size: number };

/** The whole tar. What has been changed in the store meanwhile gives other bytes: whoever reads checks the digest. */
export async function* joinTar(
  { directory, split }: SplitLayer,
  namespace: Namespace,
): AsyncGenerator<Buffer, void, undefined> {
  // As root of the namespace: files may be closed to the user. In the order of the list, one after the other.
  const script = 'cd "$1" && exec xargs -0r cat --';
  const plan: Operation[] = [...namespace.maps, ['exec', '/bin/sh', '-c', script, 'sh', directory]];
  const child = spawnLauncher(namespace.launcher, 'enter', plan, {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  child.on('error', () => {});
  const naming = sendNames(child.stdin as Writable, split).catch(() => child.kill('SIGKILL'));
  const contents = keptOutput(child.stdout as Readable)[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let held: Buffer = Buffer.alloc(0);
  try {
    for await (const piece of pieces(split)) {
      if ('bytes' in piece) yield piece.bytes;
      else
        for (let left = piece.size; left > 0; ) {
          if (held.length === 0) {
            const next = await contents.next();
            if (next.done) throw broken(split, 'a file of the layer is not there');
            held = next.value;
          }
          const part = held.subarray(0, left);
          held = held.subarray(part.length);
          left -= part.length;
          yield part;
        }
    }
  } finally {
    child.kill('SIGKILL');
    await naming;
  }
}

async function sendNames(stdin: Writable, split: string): Promise<void> {
  stdin.on('error', () => {});
  for await (const piece of pieces(split)) {
    if (!('name' in piece) || piece.size === 0) continue;
    // "./": a name may begin with "-".
    const taken = stdin.write(Buffer.concat([Buffer.from('./'), piece.name, Buffer.from([0])]));
    if (!taken && !stdin.destroyed)
      await new Promise((resolve) => stdin.once('drain', resolve).once('close', resolve));
  }
  stdin.end();
}

async function* pieces(split: string): AsyncGenerator<Piece, void, undefined> {
  const input = createReadStream(split).on('error', (error) => text.destroy(error));
  const text = input.pipe(createGunzip());
  for await (const line of createInterface({ input: text, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line === '') continue;
    const piece = readPiece(line);
    if (piece === undefined) throw broken(split, 'it is no list of tar-split');
    yield piece;
  }
}

function readPiece(line: string): Piece | undefined {
  try {
    const { type, payload, name, name_raw: raw, size = 0 } = JSON.parse(line);
    if (type === 2 && typeof payload === 'string') return { bytes: Buffer.from(payload, 'base64') };
    if (type !== 1 || !Number.isSafeInteger(size) || size < 0) return undefined;
    if (typeof raw === 'string') return { name: Buffer.from(raw, 'base64'), size };
    return typeof name === 'string' ? { name: Buffer.from(name), size } : undefined;
  } catch {
    return undefined;
  }
}

function broken(split: string, why: string): PodError {
  return new PodError({ code: 'invalid', message: `cannot read ${split}`, why });
}
