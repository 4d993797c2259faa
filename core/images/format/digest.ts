/** Content digests (OCI image-spec, descriptor.md#digests). */

import { createHash } from 'node:crypto';
import { PodError } from '../../error.ts';
import { printable } from '../../reference.ts';

export type Algorithm = 'sha256' | 'sha512';

export interface Digest {
  readonly algorithm: Algorithm;
  readonly hex: string;
}

const FORM = /^(?:(sha256):([a-f0-9]{64})|(sha512):([a-f0-9]{128}))$/;

/** Takes a digest apart. Throws PodError `invalid` naming `what` it belongs to: never use an unparsed one in a path. */
export function parseDigest(text: unknown, what: string): Digest {
  const match = typeof text === 'string' ? FORM.exec(text) : null;
  if (match === null) {
    const shown = typeof text === 'string' ? printable(text) : typeof text;
    const why = `its digest is no sha256 or sha512: ${shown}`;
    throw new PodError({ code: 'invalid', message: `cannot use ${what}`, why });
  }
  return { algorithm: (match[1] ?? match[3]) as Algorithm, hex: (match[2] ?? match[4]) as string };
}

export function isDigest(text: string): boolean {
  return FORM.test(text);
}

/** "sha256:<hex>" of some bytes, or of the algorithm that is asked for. */
export function digestOf(bytes: Uint8Array | string, algorithm: Algorithm = 'sha256'): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
}
