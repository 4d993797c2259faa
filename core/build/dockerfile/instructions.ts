/** A statement's meaning: which instruction is read how. */

import type { FromInstruction, Instruction, InstructionKind, OnbuildInstruction } from './dockerfile.ts';
import { readFlags } from './flags.ts';
import { readCmd, readHealthcheck, readRun, readShell } from './read-commands.ts';
import {
  readArg,
  readExpose,
  readMaintainer,
  readPairs,
  readStopsignal,
  readUser,
  readVolume,
  readWorkdir,
} from './read-settings.ts';
import { readAdd, readCopy } from './read-transfers.ts';
import { quoted } from './refusal.ts';
import { makeStatement, type Statement } from './statement.ts';
import { cutWord, plainWords } from './words.ts';

type Common = Pick<FromInstruction, 'line' | 'original' | 'keyword' | 'heredocs'>;
type Own<T> = T extends Instruction ? Omit<T, keyof Common> : never;

const READERS: Record<InstructionKind, (statement: Statement) => Own<Instruction>> = {
  ADD: readAdd,
  ARG: readArg,
  CMD: readCmd,
  COPY: readCopy,
  ENTRYPOINT: readCmd,
  ENV: readPairs,
  EXPOSE: readExpose,
  FROM: readFrom,
  HEALTHCHECK: readHealthcheck,
  LABEL: readPairs,
  MAINTAINER: readMaintainer,
  ONBUILD: readOnbuild,
  RUN: readRun,
  SHELL: readShell,
  STOPSIGNAL: readStopsignal,
  USER: readUser,
  VOLUME: readVolume,
  WORKDIR: readWorkdir,
};

/** Throws PodError `invalid`, with what is expected. */
export function readInstruction(statement: Statement): Instruction {
  const { line, original, keyword, heredocs } = statement;
  return { ...READERS[statement.kind](statement), line, original, keyword, heredocs } as Instruction;
}

function readFrom({ flags, rest, refuse }: Statement): Omit<FromInstruction, keyof Common> {
  const { platform } = readFlags(flags, { platform: 'text' }, refuse);
  const [image, as, name, ...others] = plainWords(rest);
  if (image === undefined) throw refuse('FROM needs an image', 'write it as: FROM image AS name');
  const chosen = platform === undefined ? {} : { platform };
  if (as === undefined) return { kind: 'FROM', image, ...chosen };
  if (as.toUpperCase() !== 'AS' || name === undefined || others.length > 0)
    throw refuse('FROM takes an image, and AS with a name', 'write it as: FROM image AS name');
  if (!/^[a-z][a-z0-9._-]*$/.test(name.toLowerCase()))
    throw refuse(
      `${quoted(name)} is no name for a stage`,
      'it begins with a letter, and has letters, digits, ".", "_" and "-"',
    );
  return { kind: 'FROM', image, as: name, ...chosen };
}

/** What never becomes a trigger, and what is said of it. */
const NO_TRIGGERS: Record<string, string> = {
  ONBUILD: 'ONBUILD in ONBUILD is not allowed',
  FROM: 'FROM is not allowed as a trigger of ONBUILD',
  MAINTAINER: 'MAINTAINER is not allowed as a trigger of ONBUILD',
};

/** Throws for an instruction that can't be a trigger. */
export function checkTrigger(keyword: string, refuse: Statement['refuse']): void {
  const upper = keyword.toUpperCase();
  if (Object.hasOwn(NO_TRIGGERS, upper)) throw refuse(NO_TRIGGERS[upper]!);
}

function readOnbuild(statement: Statement): Omit<OnbuildInstruction, keyof Common> {
  const { flags, rest, heredocs, line, source, refuse } = statement;
  readFlags(flags, {}, refuse);
  if (rest === '') throw refuse('ONBUILD needs an instruction');
  checkTrigger(cutWord(rest)[0], refuse);
  const trigger = readInstruction(makeStatement(source, rest, heredocs, line, statement.escape));
  const documents = heredocs.map(({ content, name }) => `\n${content}${name}`);
  return { kind: 'ONBUILD', text: rest + documents.join(''), trigger };
}
