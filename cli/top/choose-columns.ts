import { PodError } from '../../core/error.ts';
import { nearest } from '../../core/nearest.ts';
import { COLUMNS, type Column } from './columns.ts';

export interface ChosenColumn {
  title: string;
  value: Column['value'];
}

const FULL = 'user=UID pid ppid c stime tty time cmd';
const USER = 'user pid pcpu pmem vsz rss tty stat bsdstart=START bsdtime=TIME args';
const LONG = 's user=UID pid ppid c pri ni sz tty time comm=CMD';

/** What the flags of ps(1) that choose no columns of their own say: which processes, and how wide. Here: all, in full. */
const WITHOUT_EFFECT = /^-?[AaegTwxhHN]*$/;

/**
 * Columns from the words behind `top NAME`: ps(1) options (`-ef`, `aux`, `-o pid,user=WHO,args`) as docker takes them, or
 * podman's descriptors (`pid user args`). None: docker's columns. Throws PodError `usage` for others.
 */
export function chooseColumns(words: readonly string[]): ChosenColumn[] {
  const wanted: string[] = [];
  let preset: string | undefined;
  let rest = [...words];
  while (rest.length > 0) {
    const [word = '', ...after] = rest;
    const format = /^(-?[Aaefwx]*)o(.*)$|^--format(?:=(.*))?$|^(-O)(.*)$/.exec(word);
    if (format && (word.startsWith('-') || word === 'o')) {
      const own = format[2] || format[3];
      wanted.push(own || after.shift() || '');
      rest = after;
      continue;
    }
    rest = after;
    if (/^-[AaegTwx]*[fF][AaefFgTwxlj]*$/.test(word)) preset = FULL;
    else if (/^-?[Aaegwx]*u[Aaegwxu]*$/.test(word) && !/^-u$/.test(word)) preset = USER;
    else if (/^-[Aaegwx]*l[Aaefgwxl]*$/.test(word)) preset = LONG;
    else if (/^-[eAaxTgw]+$/.test(word)) preset ??= 'pid tty time comm=CMD';
    else if (/^(ax|axw+|a|x)$/.test(word)) preset ??= 'pid tty stat bsdtime=TIME args';
    else if (word.startsWith('-') && !WITHOUT_EFFECT.test(word)) throw unknownOption(word);
    else wanted.push(word);
  }
  if (wanted.length > 0) return wanted.flatMap((text) => listed(text));
  return listed(preset ?? FULL);
}

/** `pid,user=WHO args`: a title behind `=` goes to the end of its word, as ps has it. */
function listed(text: string): ChosenColumn[] {
  return text
    .split(/[\s,]+/)
    .filter(Boolean)
    .map((word) => {
      const [name = '', title] = word.split('=', 2);
      const found = find(name);
      return { title: title ?? found.title, value: found.value };
    });
}

function find(name: string): Column {
  const wanted = name.toLowerCase();
  const found = COLUMNS.find(({ names }) => names.includes(wanted));
  if (found) return found;
  const all = COLUMNS.flatMap(({ names }) => names);
  const near = nearest(wanted, all);
  throw new PodError({
    code: 'usage',
    message: `unknown column ${JSON.stringify(name)}`,
    hint: near
      ? `Did you mean ${near}?`
      : `The columns are ${COLUMNS.map(({ names }) => names[0]).join(', ')}.`,
  });
}

function unknownOption(word: string): PodError {
  return new PodError({
    code: 'usage',
    message: `cannot use the ps option ${word}`,
    why: 'top knows -ef, aux, -l and -o COLUMNS',
    hint: `tsc-pod exec NAME ps ${word}   # asks the image's own ps`,
  });
}
