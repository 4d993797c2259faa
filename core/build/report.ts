/** Telling of a build's steps: who does one need not know how it is told. */

import { systemError } from '../error.ts';
import { monotonicNow } from '../host/monotonic.ts';
import type { BuildListener, BuildStep } from './events.ts';

export interface Report {
  /** A step's number is taken when it is first told of. */
  step(name: string, stage?: string): StepReport;
  notice(text: string): void;
}

export interface StepReport {
  readonly name: string;
  /** Does the work and tells of its beginning and its end. */
  during<T>(work: (tell: StepTelling) => Promise<T>): Promise<T>;
  cached(): void;
}

export interface StepTelling {
  output(stream: 'stdout' | 'stderr', bytes: Uint8Array): void;
  progress(what: string, current: number, total: number, done: boolean): void;
  notice(text: string): void;
}

/** `signal`: what fails after it was aborted was cancelled. */
export function reportTo(tell: BuildListener, signal: AbortSignal): Report {
  let last = 0;
  const at = monotonicNow;
  return {
    notice: (text) => tell({ kind: 'notice', text, at: at() }),
    step: (name, stage) => {
      let known: BuildStep | undefined;
      const step = (): BuildStep => (known ??= { id: ++last, name, stage });
      const telling: StepTelling = {
        output: (stream, bytes) => tell({ kind: 'output', step: step(), stream, bytes, at: at() }),
        progress: (what, current, total, done) =>
          tell({ kind: 'progress', step: step(), what, current, total, done, at: at() }),
        notice: (text) => tell({ kind: 'notice', step: step(), text, at: at() }),
      };
      return {
        name,
        cached: () => tell({ kind: 'cached', step: step(), at: at() }),
        async during(work) {
          tell({ kind: 'started', step: step(), at: at() });
          try {
            const result = await work(telling);
            tell({ kind: 'finished', step: step(), at: at() });
            return result;
          } catch (error) {
            if (signal.aborted) tell({ kind: 'cancelled', step: step(), at: at() });
            else
              tell({
                kind: 'failed',
                step: step(),
                text: (systemError(error) ?? (error as Error)).message,
                at: at(),
              });
            throw error;
          }
        },
      };
    },
  };
}
