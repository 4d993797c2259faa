/** One instruction as it is cut: its keyword, flags and the rest. What the rest means is told by `instructions.ts`. */

import type { PodError } from '../../error.ts';
import { nearest } from '../../nearest.ts';
import type { Escape, Heredoc, InstructionKind, LineRange } from './dockerfile.ts';
import { type HeredocMark, heredocMarks } from './heredoc.ts';
import { quoted, refusalAt, type Source } from './refusal.ts';
import { cutFlags, cutWord, jsonWords } from './words.ts';

export interface Statement {
  readonly kind: InstructionKind;
  /** As typed. */
  readonly keyword: string;
  readonly flags: readonly string[];
  /** What follows the flags, without blanks around it. */
  readonly rest: string;
  readonly original: string;
  readonly heredocs: readonly Heredoc[];
  readonly line: LineRange;
  readonly escape: Escape;
  readonly source: Source;
  /** An error about its lines. */
  refuse(why: string, hint?: string): PodError;
}

const KINDS: readonly InstructionKind[] = [
  'ADD',
  'ARG',
  'CMD',
  'COPY',
  'ENTRYPOINT',
  'ENV',
  'EXPOSE',
  'FROM',
  'HEALTHCHECK',
  'LABEL',
  'MAINTAINER',
  'ONBUILD',
  'RUN',
  'SHELL',
  'STOPSIGNAL',
  'USER',
  'VOLUME',
  'WORKDIR',
];

/** Throws PodError `invalid` for a keyword that isn't one. */
export function kindOf(keyword: string, refuse: Statement['refuse']): InstructionKind {
  const upper = keyword.length > 16 ? '' : keyword.toUpperCase();
  const kind = KINDS.find((name) => name === upper);
  if (kind) return kind;
  const near = nearest(keyword.slice(0, 16).toUpperCase(), KINDS);
  throw refuse(
    `there is no instruction ${quoted(keyword)}`,
    near ? `did you mean ${near}?` : `there are: ${KINDS.join(', ')}`,
  );
}

export function makeStatement(
  source: Source,
  text: string,
  heredocs: readonly Heredoc[],
  line: LineRange,
  token: Escape,
): Statement {
  const refuse = (why: string, hint?: string): PodError => refusalAt(source, line, { why, hint });
  const original = text.trim();
  const [keyword, afterKeyword] = cutWord(original);
  const kind = kindOf(keyword, refuse);
  const { flags, rest } = cutFlags(afterKeyword);
  return { kind, keyword, flags, rest, original, heredocs, line, escape: token, source, refuse };
}

/** The documents that an instruction's line asks for: of RUN, COPY and ADD that aren't in JSON form, and in ONBUILD. */
export function marksIn(text: string): HeredocMark[] {
  if (!text.includes('<<')) return [];
  let [keyword, rest] = cutWord(text.trim());
  if (keyword.toUpperCase() === 'ONBUILD') [keyword, rest] = cutWord(cutFlags(rest).rest);
  if (!['RUN', 'COPY', 'ADD'].includes(keyword.toUpperCase())) return [];
  return Array.isArray(jsonWords(cutFlags(rest).rest)) ? [] : heredocMarks(rest);
}
