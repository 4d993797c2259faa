/** Plain lines, for logs and pipes, as buildkit's: `#5 [2/3] RUN make`, `#5 0.123 a line`, `#5 DONE 0.4s`. */

import type { BuildEvent, BuildListener, BuildStep } from '../../core/build/events.ts';
import { escapeControls } from '../output/escape.ts';
import { type OutputLines, outputLines } from './output-lines.ts';
import { progressText, seconds } from './words.ts';

interface Running {
  readonly started: number;
  readonly streams: Record<'stdout' | 'stderr', OutputLines>;
  /** When something was last told of how far it is. */
  told: number;
}

/** Milliseconds between two words of how far something is. */
const PATIENCE = 1000;

/** `write` gets whole lines. A step that is told of again after another one begins with its name again. */
export function plainProgress(write: (text: string) => void): BuildListener {
  const running = new Map<number, Running>();
  let shown: number | undefined;

  const header = (step: BuildStep): void => {
    const before = shown === undefined ? '' : running.has(shown) ? `#${shown} ...\n\n` : '\n';
    shown = step.id;
    write(`${before}#${step.id} ${escapeControls(step.name)}\n`);
  };
  const say = (step: BuildStep, lines: readonly string[]): void => {
    if (lines.length === 0) return;
    if (shown !== step.id) header(step);
    write(lines.map((line) => `#${step.id} ${line}\n`).join(''));
  };
  const elapsed = (step: BuildStep, at: number): number => at - (running.get(step.id)?.started ?? at);
  const stamped = (step: BuildStep, at: number, lines: readonly string[]): string[] =>
    lines.map((line) => `${(elapsed(step, at) / 1000).toFixed(3)} ${line}`);
  /** The lines that no line break has ended, and how it ended. */
  const close = (step: BuildStep, at: number, ending: string): void => {
    const streams = running.get(step.id)?.streams;
    const rest = streams ? [...streams.stdout.end(), ...streams.stderr.end()] : [];
    say(step, [...stamped(step, at, rest), ending]);
    running.delete(step.id);
  };

  return (event: BuildEvent) => {
    const { at } = event;
    switch (event.kind) {
      case 'started':
        header(event.step);
        running.set(event.step.id, {
          started: at,
          streams: { stdout: outputLines(), stderr: outputLines() },
          told: Number.NEGATIVE_INFINITY,
        });
        return;
      case 'cached':
        return say(event.step, ['CACHED']);
      case 'output': {
        const lines = running.get(event.step.id)?.streams[event.stream].add(event.bytes) ?? [];
        return say(event.step, stamped(event.step, at, lines));
      }
      case 'progress': {
        const found = running.get(event.step.id);
        if (!found || (!event.done && at - found.told < PATIENCE)) return;
        found.told = at;
        return say(event.step, [progressText(event.what, event.current, event.total, event.done)]);
      }
      case 'notice':
        if (event.step) return say(event.step, [`WARNING: ${escapeControls(event.text)}`]);
        return write(`${escapeControls(event.text)}\n`);
      case 'finished':
        return close(event.step, at, `DONE ${seconds(elapsed(event.step, at))}`);
      case 'failed':
        return close(event.step, at, `ERROR: ${escapeControls(event.text)}`);
      case 'cancelled':
        return close(event.step, at, 'CANCELED');
    }
  };
}
