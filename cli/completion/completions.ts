import { readArgv } from '../argv.ts';
import type { PodContext } from '../command.ts';
import type { CommandTable } from '../command-table.ts';
import type { CommandDeclaration, OptionDeclaration, PositionalDeclarations } from '../declarations.ts';
import { commandsLike, describeOption, namedKind } from '../help.ts';
import { pathsAt } from '../paths.ts';
import { NAMES } from './names.ts';

/** Stands for the word that is being typed: in an argument there is no such byte. */
const HERE = '\0';

interface Candidates {
  /** Each the whole word; a tab and its line of help may follow. */
  words: string[];
  /** A file may stand there, too. */
  files?: boolean;
  /** The word goes on behind it: no space. */
  open?: boolean;
}

type Ask = (kind: string) => Promise<string[]>;

/**
 * What the last word of an unfinished command line may become, one a line. The last line is a colon and cobra's number:
 * 4 for no files, 2 for no space. What can't be read has no completions.
 */
export async function completions(
  words: readonly string[],
  table: CommandTable,
  context: PodContext,
): Promise<string> {
  const typed = words.at(-1) ?? '';
  const found: Candidates = await candidates(words.slice(0, -1), typed, table, context).catch(() => ({
    words: [],
  }));
  const fitting = found.words.filter((word) => word.startsWith(typed));
  const directive = (found.files ? 0 : 4) + (found.open ? 2 : 0);
  return [...fitting, `:${directive}`].map((line) => `${line}\n`).join('');
}

async function candidates(
  before: readonly string[],
  typed: string,
  table: CommandTable,
  context: PodContext,
): Promise<Candidates> {
  const forHelp = before[0] === 'help';
  const reading = await readArgv([...before.slice(forHelp ? 1 : 0), HERE], table);
  if (reading.kind === 'help' || reading.kind === 'version') return { words: [] };
  const { kind, node, options } = reading;
  const command = kind === 'command' ? reading.command : table.global;
  const root = options.findLast(({ name }) => name === '--root')?.value;
  const ask: Ask = async (kind) =>
    (await NAMES[kind]?.(
      pathsAt(context.env, root === HERE ? undefined : (root as string)),
      node.names[0] ?? '',
    )) ?? [];

  const valued = options.find(({ value }) => value === HERE);
  if (valued) return valuesOf(command.byName.get(valued.name)!, ask);
  const at = kind === 'command' ? reading.operands.indexOf(HERE) : 0;
  const ended = before.includes('--') || (command.positionals.proxy && at > 0);
  if (typed.startsWith('-') && !ended && !forHelp) {
    const [name] = typed.split('=', 1) as [string];
    if (name === typed) return { words: flagsOf(command) };
    const option = command.byName.get(name);
    const values: Candidates = option ? await valuesOf(option, ask) : { words: [] };
    return { ...values, words: values.words.map((value) => `${name}=${value}`) };
  }
  if (kind === 'group' && reading.word !== HERE) return { words: [] };
  if (kind === 'group') return { words: (await commandsLike(typed, node)).map((pair) => pair.join('\t')) };
  if (forHelp) return { words: [] };
  const operand = operandAt(command.positionals, at);
  const taken = reading.operands.toSpliced(at, 1);
  const { words, ...others } = await ofKinds(operand?.split('|') ?? [], ask);
  return { ...others, words: words.filter((word) => !taken.includes(word)) };
}

function operandAt(
  { leading, optional, trailing, rest }: PositionalDeclarations,
  at: number,
): string | undefined {
  return [...leading, ...optional][at] ?? rest ?? trailing[0];
}

function flagsOf(command: CommandDeclaration): string[] {
  const own = command.options
    .filter(({ hidden }) => !hidden)
    .flatMap((option) => option.names.map((name) => `${name}\t${describeOption(option).text}`));
  return [...own, '--help\tShow what the command does'];
}

const FILES = new Set(['directory', 'file', 'path']);

async function ofKinds(kinds: readonly string[], ask: Ask): Promise<Candidates> {
  const found: Candidates = { words: [] };
  for (const kind of kinds) {
    const [word = '', colon] = /^\w+|:/g[Symbol.match](kind) ?? [];
    if (FILES.has(word)) found.files = true;
    const names = await ask(word);
    if (colon && names.length > 0) found.open = true;
    found.words.push(...(colon ? names.map((name) => `${name}:`) : names));
  }
  return found;
}

/** Kinds that mean something of the store where they are an option's; `network` there is a range of addresses. */
const VALUES = new Set([...FILES, 'container', 'container[:ro]', 'image', 'pod', 'signal']);

async function valuesOf(option: OptionDeclaration, ask: Ask): Promise<Candidates> {
  const choices = choicesOf(option);
  if (choices) return { words: choices };
  if (option.names.includes('--network')) return { words: await ask('network') };
  const kind = namedKind(option) ?? '';
  if (kind === 'volume') return { ...(await ofKinds(['volume:'], ask)), files: true };
  return VALUES.has(kind) ? ofKinds([kind.replace('[:ro]', '')], ask) : { words: [] };
}

/** What its parser says when it refuses a value. */
function choicesOf({ names, spec }: OptionDeclaration): string[] | undefined {
  try {
    spec.transformer({} as never, '', { options: [{ name: names[0], value: HERE }] } as never, {} as never);
    return undefined;
  } catch (error) {
    return (error as { choices?: string[] }).choices;
  }
}
