/** COPY and ADD. */

import type { AddInstruction, CopyInstruction, Heredoc, TransferSource } from './dockerfile.ts';
import { readFlags } from './flags.ts';
import { heredocMark } from './heredoc.ts';
import type { Statement } from './statement.ts';
import { jsonWords, plainWords } from './words.ts';

type Common = Pick<CopyInstruction, 'line' | 'original' | 'keyword' | 'heredocs'>;

const BOTH = { chown: 'text', chmod: 'text', link: 'switch', exclude: 'texts' } as const;

export function readCopy(statement: Statement): Omit<CopyInstruction, keyof Common> {
  const { refuse } = statement;
  const flags = readFlags(statement.flags, { ...BOTH, from: 'text', parents: 'switch' }, refuse);
  const { from, parents } = flags;
  if (from !== undefined && /\$./.test(from))
    throw refuse(
      'variables are not expanded in --from',
      'name the image in a stage: FROM $IMAGE AS name, and write --from=name',
    );
  if (from === '') throw refuse('--from is empty');
  const paths = readPaths(statement);
  if (from !== undefined && paths.sources.some(({ kind }) => kind === 'inline'))
    throw refuse('a here-document comes from no stage: leave out --from');
  return {
    kind: 'COPY',
    ...paths,
    ...both(flags),
    ...(from === undefined ? {} : { from }),
    parents: parents ?? false,
  };
}

export function readAdd(statement: Statement): Omit<AddInstruction, keyof Common> {
  const flags = readFlags(
    statement.flags,
    { ...BOTH, checksum: 'text', 'keep-git-dir': 'switch', unpack: 'switch' },
    statement.refuse,
  );
  const { checksum, unpack } = flags;
  return {
    kind: 'ADD',
    ...readPaths(statement),
    ...both(flags),
    ...(checksum === undefined ? {} : { checksum }),
    keepGitDir: flags['keep-git-dir'] ?? false,
    ...(unpack === undefined ? {} : { unpack }),
  };
}

interface BothFlags {
  chown: string | undefined;
  chmod: string | undefined;
  link: boolean | undefined;
  exclude: string[];
}

function both({ chown, chmod, link, exclude }: BothFlags) {
  return {
    ...(chown === undefined ? {} : { chown }),
    ...(chmod === undefined ? {} : { chmod }),
    link: link ?? false,
    exclude,
  };
}

function readPaths({ kind, rest, heredocs, refuse }: Statement): {
  sources: TransferSource[];
  destination: string;
} {
  const words = jsonWords(rest);
  if (words === null)
    throw refuse('the JSON form is a list of strings', `write it as ${kind} ["from", "to"]`);
  const paths = words ?? plainWords(rest);
  const destination = paths.at(-1);
  if (destination === undefined || paths.length < 2)
    throw refuse(
      `${kind} needs at least one source, and a destination`,
      `write it as: ${kind} source destination`,
    );
  if (!words && heredocMark(destination))
    throw refuse('a here-document is no destination', `write it as: ${kind} <<EOF /file`);
  const bodies = new Map<string, Heredoc>(heredocs.map((heredoc) => [heredoc.name, heredoc]));
  const sources = paths.slice(0, -1).map((path): TransferSource => {
    const mark = words ? undefined : heredocMark(path);
    if (!mark) return { kind: 'path', path };
    const heredoc = bodies.get(mark.name);
    if (!heredoc) throw refuse(`there is no here-document ${mark.name}`);
    return { kind: 'inline', heredoc };
  });
  return { sources, destination };
}
