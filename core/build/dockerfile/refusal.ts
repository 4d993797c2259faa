/** An error that is about a place in a Dockerfile. */

import { type ErrorCode, PodError } from '../../error.ts';
import { printable } from '../../reference.ts';
import type { LineRange } from './dockerfile.ts';
import { framedExcerpt } from './excerpt.ts';

/** A text, and what errors call it. */
export interface Source {
  readonly name: string;
  readonly text: string;
}

/** The place, as the cause of a PodError: whoever shows the error can show the lines, too (`excerptOf`). */
export class DockerfilePlace extends Error {
  readonly source: Source;
  readonly line: LineRange;

  constructor(source: Source, line: LineRange, cause?: unknown) {
    super(`at ${source.name}:${line.start}`, cause === undefined ? undefined : { cause });
    this.source = source;
    this.line = line;
  }
}

export interface Refusal {
  readonly why: string;
  readonly hint?: string | undefined;
  /** `invalid` unless told. */
  readonly code?: ErrorCode;
  readonly cause?: unknown;
}

/** `cannot build Dockerfile:3: WHY`. */
export function refusalAt(source: Source, line: LineRange, refusal: Refusal): PodError {
  const { why, hint, code = 'invalid', cause } = refusal;
  return new PodError({
    code,
    message: `cannot build ${printable(source.name)}:${line.start}`,
    why,
    hint,
    cause: new DockerfilePlace(source, line, cause),
  });
}

/** The lines of a Dockerfile that an error is about, with those around them; undefined where it is about none. */
export function excerptOf(error: unknown): string | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 16; at = at.cause, depth++)
    if (at instanceof DockerfilePlace) return framedExcerpt(at.source, at.line);
  return undefined;
}

/** A word of the file in a message: printable, and not longer than a line. */
export function quoted(word: string): string {
  return JSON.stringify(printable(word.length > 80 ? `${word.slice(0, 80)}...` : word));
}
