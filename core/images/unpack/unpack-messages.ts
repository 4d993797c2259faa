/** What a pull and the processes that unpack its layers say to each other: one JSON value a line. */

import { type ErrorCode, PodError } from '../../error.ts';
import type { Namespace } from './apply-job.ts';
import type { UnpackedLayer } from './unpack.ts';

/** A layer to unpack, from a file that may still be growing. */
export interface UnpackOrder {
  readonly path: string;
  readonly layersDir: string;
  readonly namespace: Namespace;
  readonly diffId: string;
}

/** One order at a time: how far its file is follows it, until `end`, or `stop`, which is answered by an error. */
export type ToUnpacker =
  | { readonly unpack: UnpackOrder; readonly bytes: number }
  | { readonly bytes: number }
  | { readonly end: true }
  | { readonly stop: true };

/** Notices, then what became of the order. */
export type FromUnpacker =
  | { readonly notice: string }
  | { readonly layer: UnpackedLayer }
  | { readonly error: ErrorText };

/** A PodError as it can be sent; `details` is what a bug is looked for with. */
export interface ErrorText {
  readonly code: ErrorCode;
  readonly message: string;
  readonly why?: string | undefined;
  readonly hint?: string | undefined;
  readonly details?: string | undefined;
}

export function errorText(error: unknown): ErrorText {
  if (!(error instanceof PodError)) {
    const details = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { code: 'io', message: 'cannot unpack the layer', why: String(error), details };
  }
  const { code, message, why, hint } = error;
  return { code, message, why, hint };
}

export function errorOf({ code, message, why, hint, details }: ErrorText): PodError {
  return new PodError({ code, message, why, hint, cause: details });
}

/** The values of a stream of lines. */
export async function* messages<T>(
  stream: AsyncIterable<Buffer | string>,
): AsyncGenerator<T, void, undefined> {
  let text = '';
  for await (const chunk of stream) {
    const lines = (text + chunk.toString('latin1')).split('\n');
    text = lines.pop() as string;
    for (const line of lines) yield JSON.parse(line) as T;
  }
}

/** A value as a line that `messages` reads: ASCII, so that no character is cut in two. */
export function messageLine(message: ToUnpacker | FromUnpacker): string {
  const ascii = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return `${JSON.stringify(message).replace(/[^\0-\x7e]/g, ascii)}\n`;
}
