/** The instructions that change nothing but the image's config. */

import type {
  ArgInstruction,
  ExposeInstruction,
  MaintainerInstruction,
  PairsInstruction,
  StopsignalInstruction,
  UserInstruction,
  VolumeInstruction,
  WorkdirInstruction,
} from './dockerfile.ts';
import { readFlags } from './flags.ts';
import { quoted } from './refusal.ts';
import type { Statement } from './statement.ts';
import { cutWord, jsonWords, plainWords, quotedWords } from './words.ts';

type Common = Pick<ArgInstruction, 'line' | 'original' | 'keyword' | 'heredocs'>;

export function readPairs(statement: Statement): Omit<PairsInstruction, keyof Common> {
  const { rest, refuse } = statement;
  withoutFlags(statement);
  const kind = statement.kind === 'ENV' ? 'ENV' : 'LABEL';
  const words = quotedWords(rest, statement.escape);
  const [first] = words;
  if (first === undefined)
    throw refuse(`${kind} needs a name and a value`, `write it as: ${kind} NAME=value`);
  if (!first.includes('=')) {
    const [key, value] = cutWord(rest);
    if (value === '')
      throw refuse(`${kind} needs a value for ${quoted(key)}`, `write it as: ${kind} ${key}=value`);
    return { kind, pairs: [{ key, value }], legacy: true };
  }
  const pairs = words.map((word) => {
    const equals = word.indexOf('=');
    if (equals < 0)
      throw refuse(`${quoted(word)} has no =`, 'a value with blanks is put in quotes: NAME="a b"');
    if (equals === 0) throw refuse(`${quoted(word)} has no name`);
    return { key: word.slice(0, equals), value: word.slice(equals + 1) };
  });
  return { kind, pairs, legacy: false };
}

export function readArg(statement: Statement): Omit<ArgInstruction, keyof Common> {
  const { rest, refuse } = statement;
  withoutFlags(statement);
  const args = quotedWords(rest, statement.escape).map((word) => {
    const equals = word.indexOf('=');
    if (equals === 0) throw refuse(`${quoted(word)} has no name`);
    return equals < 0 ? { key: word } : { key: word.slice(0, equals), value: word.slice(equals + 1) };
  });
  if (args.length === 0) throw refuse('ARG needs a name', 'write it as: ARG NAME=default');
  return { kind: 'ARG', args };
}

export function readExpose(statement: Statement): Omit<ExposeInstruction, keyof Common> {
  withoutFlags(statement);
  const ports = plainWords(statement.rest);
  if (ports.length === 0) throw statement.refuse('EXPOSE needs a port', 'write it as: EXPOSE 80/tcp');
  return { kind: 'EXPOSE', ports };
}

export function readVolume(statement: Statement): Omit<VolumeInstruction, keyof Common> {
  const { rest, refuse } = statement;
  withoutFlags(statement);
  const words = jsonWords(rest);
  if (words === null) throw refuse('the JSON form is a list of strings', 'write it as: VOLUME ["/data"]');
  const paths = (words ?? plainWords(rest)).map((path) => path.trim());
  if (paths.length === 0 || paths.includes('')) throw refuse('VOLUME needs a path');
  return { kind: 'VOLUME', paths };
}

export function readMaintainer(statement: Statement): Omit<MaintainerInstruction, keyof Common> {
  return { kind: 'MAINTAINER', maintainer: onlyText(statement) };
}

export function readUser(statement: Statement): Omit<UserInstruction, keyof Common> {
  return { kind: 'USER', user: onlyText(statement) };
}

export function readWorkdir(statement: Statement): Omit<WorkdirInstruction, keyof Common> {
  return { kind: 'WORKDIR', path: onlyText(statement) };
}

export function readStopsignal(statement: Statement): Omit<StopsignalInstruction, keyof Common> {
  return { kind: 'STOPSIGNAL', signal: onlyText(statement) };
}

function onlyText(statement: Statement): string {
  withoutFlags(statement);
  if (statement.rest === '') throw statement.refuse(`${statement.kind} needs a value`);
  return statement.rest;
}

function withoutFlags({ flags, refuse }: Statement): void {
  readFlags(flags, {}, refuse);
}
