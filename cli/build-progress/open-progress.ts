/** What of a build is shown, and how: `--progress`, `--quiet`. */

import type { BuildListener } from '../../core/build/events.ts';

export type ProgressKind = 'auto' | 'plain' | 'tty' | 'quiet' | 'rawjson';

export interface ProgressStream {
  write(text: string | Uint8Array): void;
  readonly isTerminal: boolean;
  /** Of the terminal now; 80 and 24 where that is unknown. */
  size(): { columns: number; rows: number };
}

export interface BuildProgress {
  readonly listener: BuildListener;
  /** The build is over, well or not: what is on the screen stays as it is. Stops all timers. */
  end(): void;
}

/** `colour`: NO_COLOR isn't set and the stream can. Talk goes to standard error. */
export function openProgress(_kind: ProgressKind, _stream: ProgressStream, _colour: boolean): BuildProgress {
  return { listener: () => {}, end: () => {} };
}
