/** What of a build is shown, and how: `--progress`, `--quiet`. */

import type { BuildListener } from '../../core/build/events.ts';
import { PodError } from '../../core/error.ts';
import { plainProgress } from './plain.ts';
import { quietProgress } from './quiet.ts';
import { rawJsonProgress } from './raw-json.ts';
import { liveView } from './tty.ts';

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

/**
 * `colour`: NO_COLOR isn't set and the stream can. Talk goes to standard error. Throws PodError `usage` for another word,
 * and for `tty` where there is no terminal.
 */
export function openProgress(kind: ProgressKind, stream: ProgressStream, colour: boolean): BuildProgress {
  const write = (text: string): void => void (text !== '' && stream.write(text));
  const of = (listener: BuildListener): BuildProgress => ({ listener, end: () => {} });
  switch (kind) {
    case 'auto':
      return stream.isTerminal ? liveView({ write, size: stream.size }, colour) : of(plainProgress(write));
    case 'plain':
      return of(plainProgress(write));
    case 'tty':
      if (stream.isTerminal) return liveView({ write, size: stream.size }, colour);
      throw new PodError({
        code: 'usage',
        message: 'cannot use --progress tty',
        why: 'standard error is not a terminal',
        hint: '--progress plain',
      });
    case 'quiet':
      return of(quietProgress(write));
    case 'rawjson':
      return of(rawJsonProgress(write));
    default:
      throw new PodError({
        code: 'usage',
        message: `cannot use --progress ${String(kind)}`,
        hint: 'it is one of auto, plain, tty, quiet, rawjson',
      });
  }
}
