import { errnoOf, PodError, systemError, wholeMessage } from '../../core/error.ts';
import { colored } from './color.ts';
import { escapeControls, escapeControlsInLines } from './escape.ts';

interface ErrorContext {
  env: Record<string, string | undefined>;
  stderr: { write(text: string): unknown };
}

/**
 * Tells a person what failed, on standard error, and returns the exit status. A PodError takes at most three lines;
 * anything else is a bug of ours and says so. With `debug` the stack and the causes follow.
 * A reader that went away (EPIPE, as of `| head`) is told nothing: the status is 128 + SIGPIPE, as for any tool.
 */
export function reportError(thrown: unknown, context: ErrorContext, options: { debug: boolean }): number {
  if (isBrokenPipe(thrown)) return 141;
  const error = systemError(thrown) ?? thrown;
  const red = (text: string) => colored('red', text, context.stderr, context.env);
  const [first, ...rest] = errorLines(error, options.debug);
  context.stderr.write(`${[`${red('Error:')} ${first}`, ...rest].join('\n')}\n`);
  if (options.debug) context.stderr.write(`${escapeControlsInLines(detailsOf(error))}\n`);
  return error instanceof PodError ? error.exitCode : 125;
}

/** Whether the reader of one of our pipes has gone away. */
export function isBrokenPipe(error: unknown): boolean {
  return !(error instanceof PodError) && errnoOf(error) === 'EPIPE';
}

/** The lines behind `Error: `, at most three: the message with its reason, and the hint. */
export function errorLines(error: unknown, debug = false): string[] {
  if (!(error instanceof PodError)) {
    const said = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    const line = `this is a bug in tsc-pod: ${escapeControls(said)}`;
    return debug
      ? [line]
      : [line, 'Run the same command with --debug before its name and report what it prints.'];
  }
  const lines = [escapeControls(wholeMessage(error))];
  if (error.hint) lines.push(...hintLines(error.hint));
  return lines;
}

/** A hint may bring one line break of its own: an explanation, and the command to paste. */
function hintLines(hint: string): string[] {
  const [first = '', ...others] = hint.trimEnd().split('\n');
  return others.length === 0
    ? [escapeControls(first)]
    : [escapeControls(first), escapeControls(others.join(' '))];
}

/** Stack traces of an error and of its causes, outermost first. */
function detailsOf(error: unknown): string {
  const parts: string[] = [];
  const seen = new Set<unknown>();
  for (let current = error; current !== undefined && !seen.has(current); ) {
    seen.add(current);
    const code = current instanceof PodError ? ` [${current.code}]` : '';
    const text = current instanceof Error ? (current.stack ?? current.message) : String(current);
    parts.push(`${parts.length === 0 ? '' : 'caused by: '}${text}${code}`);
    current = current instanceof Error ? current.cause : undefined;
  }
  return parts.join('\n');
}
