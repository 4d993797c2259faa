/**
 * What a build tells of its progress, as it happens. Who listens decides what is shown (cli/build-progress); a listener
 * that throws ends the build. Times are milliseconds of a monotonic clock (core/host/monotonic.ts).
 */

/** One line of the report: an instruction, or work of the build's own. */
export interface BuildStep {
  /** From 1 on, in the order in which they are first told of. Buildkit's `#N`. */
  readonly id: number;
  /** `[build 2/3] RUN make`, `[internal] load build context`, `exporting to image`: printable, one line, any length. */
  readonly name: string;
  /** The stage's name, or its number as text; undefined for what belongs to none. */
  readonly stage?: string | undefined;
}

export type BuildEvent =
  | { readonly kind: 'started'; readonly step: BuildStep; readonly at: number }
  /** Its result was there already; no other event of this step comes before or after. */
  | { readonly kind: 'cached'; readonly step: BuildStep; readonly at: number }
  /** What a command writes, in the pieces in which it comes: not whole lines, not always whole characters. */
  | {
      readonly kind: 'output';
      readonly step: BuildStep;
      readonly stream: 'stdout' | 'stderr';
      readonly bytes: Uint8Array;
      readonly at: number;
    }
  /** How far something within a step has come: a layer's download, the sending of a context. `total`: 0 where unknown. */
  | {
      readonly kind: 'progress';
      readonly step: BuildStep;
      /** What it is, the same in all its events: `sha256:2f1a… `, `transferring context`. */
      readonly what: string;
      /** Bytes. */
      readonly current: number;
      readonly total: number;
      readonly done: boolean;
      readonly at: number;
    }
  /** Something a person should know though all goes well. */
  | {
      readonly kind: 'notice';
      readonly step?: BuildStep | undefined;
      readonly text: string;
      readonly at: number;
    }
  | { readonly kind: 'finished'; readonly step: BuildStep; readonly at: number }
  /** `text`: one line. The error itself is thrown by the build. */
  | { readonly kind: 'failed'; readonly step: BuildStep; readonly text: string; readonly at: number }
  /** Another step has failed, or the build was interrupted. */
  | { readonly kind: 'cancelled'; readonly step: BuildStep; readonly at: number };

export type BuildListener = (event: BuildEvent) => void;
