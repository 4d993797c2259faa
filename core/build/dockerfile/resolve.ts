/** An instruction's words in a given environment. */

import { PodError } from '../../error.ts';
import type {
  AddInstruction,
  ArgInstruction,
  CopyInstruction,
  Dockerfile,
  Escape,
  Instruction,
  RunInstruction,
  RunMount,
} from './dockerfile.ts';
import { type ExpandOptions, expandWord, expandWords, type Lookup } from './expand.ts';
import { heredocText } from './heredoc.ts';
import { refusalAt } from './refusal.ts';
import { parseRunMount } from './run-mount.ts';

/** RUN with its mounts' variables expanded, and so typed. */
export type ResolvedRun = RunInstruction & { readonly resolvedMounts: readonly RunMount[] };

export type Resolved = Exclude<Instruction, RunInstruction> | ResolvedRun;

/** What is needed beside the environment: errors name its lines. */
export type ResolveOptions = Pick<ExpandOptions, 'onUnset' | 'onUse'> & {
  /** Whose instruction it is, for its escape character and for errors. For triggers: of the stage that has them. */
  readonly dockerfile: Pick<Dockerfile, 'name' | 'text'> & {
    readonly directives: { readonly escape: Escape };
  };
};

/**
 * The instruction with every word expanded that the reference expands: ADD, COPY, ENV, EXPOSE, LABEL, STOPSIGNAL, USER,
 * VOLUME, WORKDIR, ARG's values, FROM (give it the global ARGs) and RUN's mounts. Others are given back as they are. All
 * words of one instruction see the environment as it was before it, but for ARG, whose later values see the earlier ones.
 * The content of heredocs of COPY and ADD is what the file will hold. Throws PodError `invalid` that names the line.
 */
export function resolveInstruction(
  instruction: Instruction,
  lookup: Lookup,
  options: ResolveOptions,
): Resolved {
  const { dockerfile } = options;
  const expanding: ExpandOptions = { ...options, escape: dockerfile.directives.escape };
  const word = (text: string): string => expandWord(text, lookup, expanding);
  try {
    return resolve(instruction, word, lookup, expanding);
  } catch (error) {
    if (!(error instanceof PodError)) throw error;
    const { why = error.message, hint } = error;
    throw refusalAt(dockerfile, instruction.line, {
      why,
      cause: error,
      hint,
    });
  }
}

type Word = (text: string) => string;

function resolve(instruction: Instruction, word: Word, lookup: Lookup, options: ExpandOptions): Resolved {
  switch (instruction.kind) {
    case 'ENV':
    case 'LABEL': {
      const pairs = instruction.pairs.map(({ key, value }) => ({ key: word(key), value: word(value) }));
      return { ...instruction, pairs };
    }
    case 'ARG':
      return { ...instruction, args: resolveArgs(instruction, lookup, options) };
    case 'ADD':
    case 'COPY':
      return transfer(instruction, word, lookup, options);
    case 'EXPOSE':
      return {
        ...instruction,
        ports: instruction.ports.flatMap((port) => expandWords(port, lookup, options)),
      };
    case 'VOLUME': {
      const paths = instruction.paths.map(word);
      if (paths.includes('')) throw empty('a path of VOLUME');
      return { ...instruction, paths };
    }
    case 'USER':
      return { ...instruction, user: word(instruction.user) };
    case 'WORKDIR':
      return { ...instruction, path: word(instruction.path) };
    case 'STOPSIGNAL':
      return { ...instruction, signal: word(instruction.signal) || fail(empty('the signal')) };
    case 'FROM': {
      const image = word(instruction.image) || fail(empty(`the image ${instruction.image}`));
      if (instruction.platform === undefined) return { ...instruction, image };
      const platform = word(instruction.platform) || fail(empty(`the platform ${instruction.platform}`));
      return { ...instruction, image, platform };
    }
    case 'RUN':
      return { ...instruction, resolvedMounts: instruction.mounts.map(({ text }) => mount(text, word)) };
    default:
      return instruction;
  }
}

function resolveArgs(
  { args }: ArgInstruction,
  lookup: Lookup,
  options: ExpandOptions,
): ArgInstruction['args'] {
  const own = new Map<string, string>();
  return args.map(({ key, value }) => {
    if (value === undefined) return { key };
    const expanded = expandWord(value, (name) => own.get(name) ?? lookup(name), options);
    own.set(key, expanded);
    return { key, value: expanded };
  });
}

function transfer(
  instruction: CopyInstruction | AddInstruction,
  word: Word,
  lookup: Lookup,
  options: ExpandOptions,
): CopyInstruction | AddInstruction {
  const { chown, chmod } = instruction;
  const document = { ...options, document: true };
  const common = {
    sources: instruction.sources.map((source) => {
      if (source.kind === 'path') return { kind: source.kind, path: word(source.path) };
      const text = heredocText(source.heredoc);
      const content = source.heredoc.expand ? expandWord(text, lookup, document) : text;
      return { kind: source.kind, heredoc: { ...source.heredoc, content, expand: false, chomp: false } };
    }),
    destination: word(instruction.destination),
    ...(chown === undefined ? {} : { chown: word(chown) }),
    ...(chmod === undefined ? {} : { chmod: word(chmod) }),
    exclude: instruction.exclude.map(word),
  };
  if (instruction.kind === 'COPY') return { ...instruction, ...common };
  const { checksum } = instruction;
  return { ...instruction, ...common, ...(checksum === undefined ? {} : { checksum: word(checksum) }) };
}

function mount(text: string, word: Word): RunMount {
  return parseRunMount(text, word, (why, hint) => refused(why, hint));
}

function refused(why: string, hint?: string): PodError {
  return new PodError({
    code: 'invalid',
    message: 'cannot build',
    why,
    hint,
  });
}

function empty(what: string): PodError {
  return refused(`${what} is empty when its variables are expanded`);
}

function fail(error: Error): never {
  throw error;
}
