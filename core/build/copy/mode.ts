/** `--chmod`: octal, or symbolic as chmod(1) has it. */

import { PodError } from '../../error.ts';

export type ChangeMode = (mode: number, directory: boolean) => number;

const CLAUSE = /^([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]))+)$/;
const READ_WRITE_EXECUTE: Record<string, number> = { r: 4, w: 2, x: 1 };
const SHIFT: Record<string, number> = { u: 6, g: 3, o: 0 };

/** Throws PodError `invalid`. */
export function parseMode(text: string): ChangeMode {
  if (/^0?[0-7]{1,4}$/.test(text)) {
    const mode = Number.parseInt(text, 8);
    return () => mode;
  }
  const clauses = text.split(',').map((clause) => CLAUSE.exec(clause));
  if (clauses.some((clause) => clause === null))
    throw new PodError({
      code: 'invalid',
      message: `cannot use --chmod=${text}`,
      why: 'it is neither an octal number nor a mode as chmod(1) has it',
      hint: 'for instance 755, or u=rwX,go=rX',
    });
  return (mode, directory) =>
    clauses.reduce((now, clause) => change(now, clause![1]!, clause![2]!, directory), mode);
}

function change(mode: number, who: string, actions: string, directory: boolean): number {
  const whom = who === '' || who.includes('a') ? 'ugo' : who;
  for (const [, sign, what] of actions.matchAll(/([-+=])([rwxXstugo]*)/g)) {
    let bits = 0;
    let mask = 0;
    for (const one of whom) {
      mask |= 7 << SHIFT[one]!;
      bits |= permissions(what!, mode, directory) << SHIFT[one]!;
    }
    if (whom.includes('u')) mask |= 0o4000;
    if (whom.includes('g')) mask |= 0o2000;
    if (what!.includes('s')) bits |= (whom.includes('u') ? 0o4000 : 0) | (whom.includes('g') ? 0o2000 : 0);
    if (what!.includes('t') && whom.includes('o')) bits |= 0o1000;
    if (whom === 'ugo') mask |= 0o1000;
    if (sign === '+') mode |= bits;
    else if (sign === '-') mode &= ~bits;
    // A directory keeps these bits unless they are named, chmod(1).
    else mode = (mode & ~(directory ? mask & 0o777 : mask)) | bits;
  }
  return mode;
}

function permissions(what: string, mode: number, directory: boolean): number {
  if (/^[ugo]$/.test(what)) return (mode >> SHIFT[what]!) & 7;
  let bits = 0;
  for (const letter of what) bits |= READ_WRITE_EXECUTE[letter] ?? 0;
  return what.includes('X') && (directory || (mode & 0o111) !== 0) ? bits | 1 : bits;
}
