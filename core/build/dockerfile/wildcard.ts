/** `*` and `?` in `${name#pattern}` and its like (POSIX shell, without brackets). Time is linear in what is searched. */

/** A piece between stars; undefined stands for `?`. Neither star nor `?` matches a line break. */
type Piece = readonly (string | undefined)[];

export interface Wildcard {
  readonly pieces: readonly Piece[];
}

/** A pattern of more than so many characters is refused: searching takes as many steps for each of the text's. */
const LONGEST = 1024;

/** Undefined for one that is malformed: `\` takes the meaning from `*`, `?`, `\`, `/` and `}`, and is before nothing else. */
export function parseWildcard(pattern: string): Wildcard | undefined {
  if (pattern.length > LONGEST) return undefined;
  const pieces: (string | undefined)[][] = [[]];
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at]!;
    if (character === '*') pieces.push([]);
    else if (character === '?') pieces.at(-1)!.push(undefined);
    else if (character !== '\\') pieces.at(-1)!.push(character);
    else if (at + 1 < pattern.length && '*?\\/}'.includes(pattern[at + 1]!))
      pieces.at(-1)!.push(pattern[++at]);
    else return undefined;
  }
  return { pieces };
}

/** The same pattern for a text that is turned round. */
export function reversed({ pieces }: Wildcard): Wildcard {
  return { pieces: pieces.map((piece) => piece.toReversed()).toReversed() };
}

function fits(piece: Piece, text: string, at: number): boolean {
  if (at + piece.length > text.length) return false;
  for (let i = 0; i < piece.length; i++) {
    const character = text[at + i]!;
    const wanted = piece[i];
    if (wanted === undefined ? character === '\n' : character !== wanted) return false;
  }
  return true;
}

/**
 * Where a match that begins at `from` ends, as far as can be or as near; -1: there is none. -2: there is none, nor any
 * that begins later in the same line, since what follows a star is nowhere.
 */
export function matchEnd({ pieces }: Wildcard, text: string, from: number, longest: boolean): number {
  const first = pieces[0]!;
  if (!fits(first, text, from)) return -1;
  let at = from + first.length;
  for (let i = 1; i < pieces.length; i++) {
    const piece = pieces[i]!;
    const lineEnd = endOfLine(text, at);
    const last = i === pieces.length - 1;
    const found = last && longest ? findLast(piece, text, at, lineEnd) : findFirst(piece, text, at, lineEnd);
    if (found < 0) return -2;
    at = found + piece.length;
  }
  return at;
}

function endOfLine(text: string, from: number): number {
  const newline = text.indexOf('\n', from);
  return newline < 0 ? text.length : newline;
}

function findFirst(piece: Piece, text: string, from: number, lineEnd: number): number {
  for (let at = from; at <= lineEnd; at++) if (fits(piece, text, at)) return at;
  return -1;
}

function findLast(piece: Piece, text: string, from: number, lineEnd: number): number {
  for (let at = lineEnd; at >= from; at--) if (fits(piece, text, at)) return at;
  return -1;
}

/** The text with the first match, or with every one, replaced; matches are the longest ones. */
export function replaceMatches(wildcard: Wildcard, text: string, by: string, all: boolean): string {
  const out: string[] = [];
  let copied = 0;
  for (let at = 0; at <= text.length; ) {
    const end = matchEnd(wildcard, text, at, true);
    if (end === -2) at = endOfLine(text, at) + 1;
    else if (end === -1 || (end === at && at === copied && at > 0)) at++;
    else {
      out.push(text.slice(copied, at), by);
      copied = end;
      if (!all) break;
      at = end === at ? at + 1 : end;
    }
  }
  out.push(text.slice(copied));
  return out.join('');
}
