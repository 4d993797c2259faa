/** The last lines of each step that runs, for what is shown while it does and when it has failed. */

import type { BuildEvent } from '../../core/build/events.ts';
import { type OutputLines, outputLines } from './output-lines.ts';

export interface StepTail {
  /** Whole lines and the one that has begun, the newest last. */
  last(count: number): string[];
}

interface Kept extends StepTail {
  readonly streams: Record<'stdout' | 'stderr', OutputLines>;
  lines: string[];
}

/** So many lines of a step that fails are shown. */
const MOST = 200;

export interface OutputTails {
  take(event: BuildEvent): void;
  of(step: number): StepTail | undefined;
}

export function outputTails(): OutputTails {
  const tails = new Map<number, Kept>();
  const begin = (id: number): Kept => {
    const streams = { stdout: outputLines(), stderr: outputLines() };
    const kept: Kept = {
      streams,
      lines: [],
      last: (count) => {
        const begun = [streams.stdout.begun, streams.stderr.begun].filter((line) => line !== undefined);
        return [...kept.lines, ...begun].slice(-count);
      },
    };
    tails.set(id, kept);
    return kept;
  };
  return {
    take: (event) => {
      if (event.kind === 'finished' || event.kind === 'cancelled') tails.delete(event.step.id);
      if (event.kind !== 'output') return;
      const kept = tails.get(event.step.id) ?? begin(event.step.id);
      kept.lines.push(...kept.streams[event.stream].add(event.bytes));
      if (kept.lines.length > 2 * MOST) kept.lines = kept.lines.slice(-MOST);
    },
    of: (step) => tails.get(step),
  };
}

/** What a step has written that failed, framed as buildkit does; '' when it wrote nothing. */
export function failedOutput(name: string, tail: StepTail | undefined): string {
  const lines = tail?.last(MOST) ?? [];
  if (lines.length === 0) return '';
  return ['------', ` > ${name}:`, ...lines, '------', ''].join('\n');
}
