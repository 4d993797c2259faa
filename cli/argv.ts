import { PodError } from '../core/error.ts';
import { nearest } from '../core/nearest.ts';
import { insteadOf } from './absent.ts';
import type { CommandNode, CommandTable } from './command-table.ts';
import type { CommandDeclaration, OptionDeclaration } from './declarations.ts';

/** One option as typed, its value byte for byte; true or false for a boolean. */
export interface TypedOption {
  name: string;
  value: string | boolean;
}

export type Invocation =
  | {
      kind: 'command';
      node: CommandNode;
      command: CommandDeclaration;
      options: TypedOption[];
      operands: string[];
    }
  | { kind: 'help'; node: CommandNode }
  | { kind: 'version' };

/** A command line as far as it goes: `group` is where no command was named, `word` what stands in its place. */
export type Reading =
  | Invocation
  | { kind: 'group'; node: CommandNode; word: string | undefined; options: TypedOption[] };

/**
 * Parses a command line (without the program's name) as docker and podman do, that is by the rules of pflag:
 * shorthands in one word (`-itu root`, `-p8080:80`), values behind a space or `=` and beginning with anything,
 * `--flag=false`, options between operands, `--` ends the options. Where the rest is the container's
 * (Option.Proxy) the first operand ends them, and all that follows is left as it is.
 * Throws PodError `usage`.
 */
export async function parseArgv(argv: readonly string[], table: CommandTable): Promise<Invocation> {
  const reading = await readArgv(argv, table);
  if (reading.kind === 'group') {
    const { node, word } = reading;
    if (word !== undefined) throw unknownCommand(word, node, table);
    return { kind: 'help', node };
  }
  if (reading.kind === 'command')
    checkCount(reading.operands.length, reading.command, calledOf(table, reading.node));
  return reading;
}

/** The same for a command line that isn't finished: of commands and operands any number may be missing. */
export async function readArgv(argv: readonly string[], table: CommandTable): Promise<Reading> {
  const options: TypedOption[] = [];
  const words: Words = { all: argv, at: 0 };
  let node = table.root;
  for (;;) {
    const word = argv[words.at];
    if (word === undefined) break;
    if (isOptionLike(word)) {
      if (node.load) break;
      words.at++;
      if (node === table.root && (word === '-v' || word === '--version')) return { kind: 'version' };
      const scope = { command: table.global, called: calledOf(table, node) };
      if (takeOptions(word, words, scope, options) === 'help') return { kind: 'help', node };
      continue;
    }
    const child = node.children.get(word);
    if (!child && node === table.root && word === 'help') return helpOn(argv.slice(words.at + 1), table);
    if (!child) break;
    node = child;
    words.at++;
  }
  if (node.load) return parseCommand(words, node, await node.load(), table, options);
  return { kind: 'group', node, word: argv[words.at], options };
}

/** The command line, and how much of it has been read. */
interface Words {
  all: readonly string[];
  at: number;
}

/** The name of a command as a person types it: `tsc-pod container ls`. */
export function calledOf(table: CommandTable, node: CommandNode): string {
  return [table.name, ...node.path].join(' ');
}

function parseCommand(
  words: Words,
  node: CommandNode,
  command: CommandDeclaration,
  table: CommandTable,
  options: TypedOption[],
): Invocation {
  let operands: string[] = [];
  const scope = { command, called: calledOf(table, node) };
  while (words.at < words.all.length) {
    const word = words.all[words.at++]!;
    if (isOptionLike(word) && word !== '--') {
      if (takeOptions(word, words, scope, options) === 'help') return { kind: 'help', node };
      continue;
    }
    if (word !== '--') operands.push(word);
    if (word !== '--' && !command.positionals.proxy) continue;
    operands = operands.concat(words.all.slice(words.at));
    break;
  }
  return { kind: 'command', node, command, options, operands };
}

interface Scope {
  command: CommandDeclaration;
  /** For messages: `tsc-pod run`. */
  called: string;
}

function isOptionLike(word: string): boolean {
  return word.length > 1 && word.startsWith('-');
}

/** Takes one word of options, and from `words` the value that it needs. `help` when help was asked for. */
function takeOptions(word: string, words: Words, scope: Scope, options: TypedOption[]): 'help' | undefined {
  return word.startsWith('--')
    ? takeLong(word, words, scope, options)
    : takeShorthands(word, words, scope, options);
}

function takeLong(word: string, words: Words, scope: Scope, options: TypedOption[]): 'help' | undefined {
  const equals = word.indexOf('=');
  const name = equals < 0 ? word : word.slice(0, equals);
  if (name.length < 3 || name[2] === '-') throw usage(`bad flag syntax: ${word}`, scope.called);
  const option = scope.command.byName.get(name);
  if (!option) {
    if (name === '--help') return 'help';
    throw unknown(`unknown flag: ${name}`, name, scope.called, () => {
      const near = nearest(name.slice(2), longNames(scope.command));
      return near && `--${near}`;
    });
  }
  if (equals >= 0) options.push({ name, value: boundValue(option, name, word.slice(equals + 1), scope) });
  else if (option.value !== 'required') options.push({ name, value: true });
  else {
    const value = words.all[words.at++];
    if (value === undefined) throw usage(`flag needs an argument: ${name}`, scope.called);
    options.push({ name, value });
  }
  return undefined;
}

function takeShorthands(
  word: string,
  words: Words,
  scope: Scope,
  options: TypedOption[],
): 'help' | undefined {
  let rest = word.slice(1);
  while (rest !== '') {
    const letter = String.fromCodePoint(rest.codePointAt(0)!);
    const name = `-${letter}`;
    const behind = rest.slice(letter.length);
    const option = scope.command.byName.get(name);
    if (!option) {
      if (letter === 'h') return 'help';
      const meant = word.slice(1).split('=')[0]!;
      const near = meant.length > 2 && scope.command.byName.has(`--${meant}`) ? `--${meant}` : undefined;
      throw usage(`unknown shorthand flag: '${letter}' in -${rest}`, scope.called, near);
    }
    if (behind.length > 1 && behind.startsWith('=')) {
      options.push({ name, value: boundValue(option, name, behind.slice(1), scope) });
      return undefined;
    }
    if (option.value !== 'required') {
      options.push({ name, value: true });
      rest = behind;
      continue;
    }
    const value = behind === '' ? words.all[words.at++] : behind;
    if (value === undefined) throw usage(`flag needs an argument: '${letter}' in -${rest}`, scope.called);
    options.push({ name, value });
    return undefined;
  }
  return undefined;
}

/** strconv.ParseBool's list, for what stands behind `--rm=`. */
const booleans = new Map<string, boolean>([
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((word) => [word, true] as const),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((word) => [word, false] as const),
]);

function boundValue(option: OptionDeclaration, name: string, value: string, scope: Scope): string | boolean {
  if (option.value !== 'none') return value;
  const truth = booleans.get(value);
  if (truth === undefined)
    throw usage(
      `invalid argument ${JSON.stringify(value)} for ${name}: it takes true or false`,
      scope.called,
    );
  return truth;
}

function checkCount(count: number, command: CommandDeclaration, called: string): void {
  const { leading, optional, trailing, rest } = command.positionals;
  const least = leading.length + trailing.length;
  const most = rest === undefined ? least + optional.length : Number.POSITIVE_INFINITY;
  if (count >= least && count <= most) return;
  const plural = (limit: number) => `${limit} argument${limit === 1 ? '' : 's'}`;
  if (most === 0) throw usage(`"${called}" accepts no arguments`, called);
  if (least === most) throw usage(`"${called}" requires exactly ${plural(least)}`, called);
  if (count < least) throw usage(`"${called}" requires at least ${plural(least)}`, called);
  throw usage(`"${called}" requires at most ${plural(most)}`, called);
}

function helpOn(words: string[], table: CommandTable): Invocation {
  let node = table.root;
  for (const word of words) {
    if (isOptionLike(word)) continue;
    const child = node.children.get(word);
    if (!child) throw unknownCommand(word, node, table);
    node = child;
  }
  return { kind: 'help', node };
}

function unknownCommand(word: string, node: CommandNode, table: CommandTable): PodError {
  const called = calledOf(table, node);
  return unknown(`unknown command ${JSON.stringify(word)} for "${called}"`, word, called, () => {
    const near = nearest(word, node.children.keys());
    return near && [called, near].join(' ');
  });
}

/** What is known to be elsewhere was no slip of the fingers. */
function unknown(message: string, word: string, called: string, near: () => string | undefined): PodError {
  const hint = insteadOf(word);
  return hint ? new PodError({ code: 'usage', message, hint }) : usage(message, called, near());
}

function usage(message: string, called: string, near?: string): PodError {
  const see = `See '${called} --help'.`;
  return new PodError({ code: 'usage', message, hint: near ? `Did you mean ${near}? ${see}` : see });
}

function* longNames(command: CommandDeclaration): Iterable<string> {
  for (const option of command.options) {
    if (option.hidden) continue;
    for (const name of option.names) if (name.startsWith('--')) yield name.slice(2);
  }
}
