import { NoLimits, type RunState } from 'clipanion/lib/core.js';
import { PodError } from '../core/error.ts';
import { calledOf, type Invocation } from './argv.ts';
import type { CommandTable } from './command-table.ts';
import type { AnyCommand, CommandDeclaration } from './declarations.ts';

/**
 * Makes the command that an invocation names, its properties filled by clipanion's own declarations. Clipanion's
 * state machine is left out: it can't tell `--memory-swap -1` or a value with a newline, and it is compiled anew on
 * every start for all commands. `context` becomes the command's.
 * Throws PodError `usage` for a value that its option refuses, or a required option that is missing.
 */
export function bindCommand(
  invocation: Extract<Invocation, { kind: 'command' }>,
  table: CommandTable,
  context: AnyCommand['context'],
): AnyCommand {
  const { command, node, options, operands } = invocation;
  const called = calledOf(table, node);
  const state = runStateOf(command, node.path, options, operands);
  checkRequired(command, state, called);
  const instance = new command.commandClass();
  instance.context = context;
  instance.path = node.path;
  const builder = { arity: command.positionals } as unknown;
  const filled = instance as unknown as Record<string, unknown>;
  for (const [key, spec] of command.properties) {
    try {
      filled[key] = spec.transformer(builder as Parameters<typeof spec.transformer>[0], key, state, context);
    } catch (error) {
      throw refusal(error, optionNameOf(command, spec), called);
    }
  }
  return instance;
}

function runStateOf(
  command: CommandDeclaration,
  path: string[],
  options: RunState['options'],
  operands: string[],
): RunState {
  const { leading, trailing, rest } = command.positionals;
  const trailingFrom = operands.length - trailing.length;
  const positionals = operands.map((value, index) => {
    const extra =
      index < leading.length || index >= trailingFrom ? false : rest === undefined ? true : NoLimits;
    return { value, extra } as RunState['positionals'][number];
  });
  return {
    candidateUsage: null,
    requiredOptions: [],
    errorMessage: null,
    ignoreOptions: false,
    options: [...options],
    path,
    positionals,
    remainder: null,
    selectedIndex: null,
  };
}

function checkRequired(command: CommandDeclaration, state: RunState, called: string): void {
  for (const { required, names } of command.options) {
    if (!required || state.options.some(({ name }) => names.includes(name))) continue;
    throw new PodError({
      code: 'usage',
      message: `required flag ${longest(names)} is not set`,
      hint: `See '${called} --help'.`,
    });
  }
}

function optionNameOf(command: CommandDeclaration, spec: unknown): string | undefined {
  const option = command.options.find((candidate) => candidate.spec === spec);
  return option?.names.join(', ');
}

function longest(names: string[]): string {
  return names.reduce((longest, name) => (name.length > longest.length ? name : longest), '');
}

/** A value that its parser refused, told with the option that it was for; clipanion's own refusals too. */
function refusal(error: unknown, optionName: string | undefined, called: string): unknown {
  const hint = `See '${called} --help'.`;
  if (error instanceof PodError) {
    if (error.code !== 'usage' || optionName === undefined) return error;
    return new PodError({
      code: 'usage',
      message: `${error.message} for ${optionName}`,
      why: error.why,
      hint: error.hint ?? hint,
      cause: error,
    });
  }
  if (error instanceof Error && error.name === 'UsageError')
    return new PodError({ code: 'usage', message: error.message.replaceAll('\n', ' '), hint, cause: error });
  return error;
}
