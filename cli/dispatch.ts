import { parseArgv } from './argv.ts';
import { bindCommand } from './bind.ts';
import { PodCommand, type PodContext } from './command.ts';
import type { CommandTable } from './command-table.ts';
import { completions } from './completion/completions.ts';
import { helpText } from './help.ts';
import { reportError } from './output/error.ts';

/** The first word of what a shell asks for its completions. */
const COMPLETE = '__complete';

/**
 * Runs one command line (without the program's name) and returns the exit status: help and the version on standard
 * output, every error told on standard error.
 */
export async function dispatch(
  argv: readonly string[],
  table: CommandTable,
  context: PodContext,
): Promise<number> {
  // Until the command is made, the words themselves are asked: they may be what can't be parsed.
  let debug = argv.includes('--debug');
  try {
    if (argv[0] === COMPLETE) {
      context.stdout.write(await completions(argv.slice(1), table, context));
      return 0;
    }
    const invocation = await parseArgv(argv, table);
    if (invocation.kind === 'version') {
      context.stdout.write(`${table.name} version ${table.version}\n`);
      return 0;
    }
    if (invocation.kind === 'help') {
      context.stdout.write(await helpText(invocation.node, table));
      return 0;
    }
    const command = bindCommand(invocation, table, context);
    if (command instanceof PodCommand)
      debug = command.debug ||= command.logLevel === 'debug' || command.logLevel === 'trace';
    return (await command.execute()) ?? 0;
  } catch (error) {
    return reportError(error, context, { debug });
  }
}
