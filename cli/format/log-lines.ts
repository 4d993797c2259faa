import type { LogRecord } from '../../core/container/log/log-record.ts';
import type { PodContext } from '../command.ts';
import { colored } from '../output/color.ts';

const COLORS = ['cyan', 'yellow', 'green', 'magenta', 'blue', 'red'] as const;
/** Bytes that are gathered for one write. */
const GATHERED = 64 << 10;

type StreamName = LogRecord['stream'];

export interface LogPrinter {
  /**
   * What shows the records of one container; `label` and `details` stand before each line, unless they are empty. A
   * promise where the reader has to be waited for.
   */
  source: (label: string, details: string) => (record: LogRecord) => Promise<void> | undefined;
  /** Shows what is gathered. */
  flush: () => Promise<void>;
}

/** Writes to one stream at a time, in order; what comes before the event loop turns is one write. */
function gather(context: Pick<PodContext, StreamName>) {
  let pieces: Uint8Array[] = [];
  let size = 0;
  let to: StreamName = 'stdout';
  let drained: Promise<void> | undefined;
  const flush = () => {
    if (size === 0) return;
    const stream = context[to];
    const bytes = Buffer.concat(pieces, size);
    pieces = [];
    size = 0;
    if (stream.write(bytes)) return;
    const wait = new Promise<void>((resolve) => stream.once('drain', resolve));
    drained = drained ? Promise.all([drained, wait]).then(() => {}) : wait;
    const mine = drained;
    void mine.then(() => {
      if (drained === mine) drained = undefined;
    });
  };
  return {
    put(name: StreamName, parts: readonly Uint8Array[]): Promise<void> | undefined {
      if (name !== to) flush();
      if (size === 0) setImmediate(flush);
      to = name;
      for (const part of parts) {
        pieces.push(part);
        size += part.length;
      }
      if (size >= GATHERED) flush();
      return drained;
    },
    async flush(): Promise<void> {
      flush();
      await drained;
    },
  };
}

/** Shows logs on the stream that they were written to. A line that is in parts stays one, unless another comes between. */
export function createLogPrinter(
  context: Pick<PodContext, 'stdout' | 'stderr' | 'env'>,
  { timestamps, color }: { timestamps: boolean; color: boolean },
): LogPrinter {
  const output = gather(context);
  const newline = Buffer.from('\n');
  /** Whose line has no end yet. */
  const open: Record<StreamName, object | undefined> = { stdout: undefined, stderr: undefined };
  let count = 0;
  return {
    source: (label, details) => {
      const me = {};
      const hue = COLORS[count++ % COLORS.length]!;
      const marks: Partial<Record<StreamName, string>> = {};
      const markOf = (name: StreamName) => {
        marks[name] ??= label && color ? colored(hue, label, context[name], context.env) : label;
        return marks[name];
      };
      const before = (name: StreamName, time: string) =>
        [markOf(name), timestamps ? time : '', details]
          .filter((word) => word !== '')
          .map((word) => `${word} `)
          .join('');
      return ({ stream: name, time, text, ended }) => {
        const holder = open[name];
        const parts: Uint8Array[] = holder && holder !== me ? [newline] : [];
        const start = holder === me ? '' : before(name, time);
        if (start) parts.push(Buffer.from(start));
        parts.push(text);
        if (ended) parts.push(newline);
        open[name] = ended ? undefined : me;
        return output.put(name, parts);
      };
    },
    flush: output.flush,
  };
}
