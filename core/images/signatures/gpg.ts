/**
 * OpenPGP signed messages, checked by gpgv(1). Not by a library of ours: gpgv is part of every distribution that has
 * apt or dnf, is mended by it, checks against the given keys alone (no agent, no keyring of the user's, no network),
 * and what hostile bytes do to it they do to a process of its own.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errnoOf, PodError } from '../../error.ts';
import { writeFile } from '../../write-file.ts';
import { dearmor } from './armor.ts';

/** What was signed, or why the signature is worth nothing. */
export type Checked = { readonly payload: Buffer } | { readonly why: string };

const TIME_LIMIT_MS = 30_000;
const OUTPUT_LIMIT = 1 << 20;
const STATUS = '[GNUPG:] ';

/** Words of gpgv's status (doc/DETAILS of GnuPG) that make a signature worth nothing. */
const BAD: Record<string, string> = {
  EXPSIG: 'the signature has expired',
  EXPKEYSIG: 'the key has expired',
  REVKEYSIG: 'the key was revoked',
  BADSIG: 'the signature is broken',
  NO_PUBKEY: 'it was made with another key',
  ERRSIG: 'it was made with another key',
  NODATA: 'it is no signature',
  UNEXPECTED: 'it is no signature',
};

/** Checks a signed message with any of these public keys (binary, or in ASCII armor). */
export async function checkWithGpg(signature: Uint8Array, keys: readonly Uint8Array[]): Promise<Checked> {
  // A message in armor could hold several, or text around it; simple signing knows none.
  if (((signature[0] ?? 0) & 0x80) === 0) return { why: 'it is no OpenPGP message' };
  const directory = mkdtempSync(join(tmpdir(), 'tsc-pod-keys-'));
  try {
    const rings = keys.map((key, index) => {
      const ring = join(directory, `keys-${index}.gpg`);
      writeFile(ring, dearmor(key), { mode: 0o600 });
      return ring;
    });
    return judge(await run(signature, rings, directory));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

interface Outcome {
  readonly code: number | null;
  readonly payload: Buffer;
  readonly status: string;
}

async function run(signature: Uint8Array, rings: readonly string[], home: string): Promise<Outcome> {
  const { spawn } = await import('node:child_process');
  const child = spawn(
    'gpgv',
    [
      ...['--homedir', home, '--status-fd', '3', '--output', '-'],
      ...rings.flatMap((ring) => ['--keyring', ring]),
      '-',
    ],
    { stdio: ['pipe', 'pipe', 'ignore', 'pipe'] },
  );
  const [, stdout, , status] = child.stdio as unknown as [
    unknown,
    NodeJS.ReadableStream,
    unknown,
    NodeJS.ReadableStream,
  ];
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), TIME_LIMIT_MS);
    let length = 0;
    const collect = (stream: NodeJS.ReadableStream): Buffer[] => {
      const chunks: Buffer[] = [];
      stream.on('error', () => {});
      stream.on('data', (chunk: Buffer) => {
        length += chunk.length;
        // A message may unpack to any size.
        if (length > OUTPUT_LIMIT) child.kill('SIGKILL');
        else chunks.push(chunk);
      });
      return chunks;
    };
    const [payload, said] = [collect(stdout), collect(status)];
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(startFailure(error));
    });
    child.stdin!.on('error', () => {}); // it may end without reading
    child.stdin!.end(signature);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, payload: Buffer.concat(payload), status: Buffer.concat(said).toString('latin1') });
    });
  });
}

function startFailure(cause: Error): PodError {
  const absent = ['ENOENT', 'EACCES'].includes(errnoOf(cause) ?? '');
  return new PodError({
    code: 'missing',
    message: 'cannot check signatures',
    why: absent ? 'gpgv is not installed' : cause.message,
    ...(absent && { hint: 'sudo apt install gpgv   # or: sudo dnf install gnupg2' }),
    cause,
  });
}

/** One signature, good, of a key that is good, and nothing else: as containers/image judges. */
function judge({ code, payload, status }: Outcome): Checked {
  const lines = status.split('\n').filter((line) => line.startsWith(STATUS));
  const words = lines.map((line) => line.slice(STATUS.length).split(' ', 1)[0]!);
  const bad = words.find((word) => word in BAD);
  if (bad !== undefined) return { why: BAD[bad]! };
  const count = (word: string): number => words.filter((one) => one === word).length;
  if (count('NEWSIG') > 1) return { why: 'it holds several signatures' };
  if (code === 0 && count('GOODSIG') === 1 && count('VALIDSIG') === 1) return { payload };
  return { why: code === null ? 'it could not be checked in bounds' : 'it is no good signature' };
}
