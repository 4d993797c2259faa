import type { BaseContext } from 'clipanion/lib/advanced/Cli.js';
import { Command } from 'clipanion/lib/advanced/Command.js';
import * as Option from 'clipanion/lib/advanced/options/index.js';
import { escapeControlsInLines } from './output/escape.ts';
import type { StandardStreams } from './output/standard-streams.ts';
import { oneOf, parseChoice, parsed } from './parse.ts';

export { Option };

/** What a command may touch of the process: its environment and its three streams. */
export type PodContext = BaseContext;

/** The context of one run. A stream is made when it is asked for. */
export function podContext(env: NodeJS.ProcessEnv, streams: StandardStreams): PodContext {
  const context = { env, colorDepth: 1 };
  return Object.defineProperties(context, Object.getOwnPropertyDescriptors(streams)) as unknown as PodContext;
}

/** podman's. */
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'warning', 'error', 'fatal', 'panic'] as const;

/**
 * What every command extends. A command declares its flags with Option, its help with `static override usage`, and does
 * one thing in `execute`: it returns the exit status, writes through `this.context` only, and throws PodError. Its names
 * are in cli/commands.ts.
 *
 * Word in `backquotes` in a description: the kind of value that help shows. Put last in brackets it is no part of the
 * sentence: "Bind mount a `volume`", "Container host name (`name`)".
 */
export abstract class PodCommand extends Command<PodContext> {
  root = Option.String('--root', { description: 'Keep all state in this `directory`' });
  storageDriver = Option.String('--storage-driver', 'auto', {
    description: 'How root file systems are made: auto, overlay, fuse-overlayfs or copy (`driver`)',
    validator: oneOf('auto', 'overlay', 'fuse-overlayfs', 'copy'),
  });
  logLevel = Option.String('--log-level', 'warn', {
    description: 'There is no log: debug is --debug, others change nothing (`level`)',
    validator: parsed((text) => parseChoice(text.toLowerCase(), LOG_LEVELS)),
  });
  debug = Option.Boolean('--debug', false, { description: 'Show the details of every error' });

  /** Writes to standard output, as it is. */
  protected print(text: string): void {
    this.context.stdout.write(text);
  }

  /** Writes one line to standard output. */
  protected printLine(text: string): void {
    this.context.stdout.write(`${text}\n`);
  }

  /** Writes one line of talk to standard error; what is from outside in it can't control a terminal. */
  protected warn(text: string): void {
    this.context.stderr.write(`${escapeControlsInLines(text)}\n`);
  }
}
