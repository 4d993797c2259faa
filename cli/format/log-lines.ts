import type { LogRecord } from '../../core/container/log/log-record.ts';
import type { PodContext } from '../command.ts';
import { colorsFor } from '../output/color.ts';

const COLORS = ['cyan', 'yellow', 'green', 'magenta', 'blue', 'red'] as const;

export interface LogPrinter {
  /** What shows the records of one container; `label` and `details` stand before each line, unless they are empty. */
  source: (label: string, details: string) => (record: LogRecord) => Promise<void>;
}

/** Shows logs on the stream that they were written to. A line that is in parts stays one, unless another comes between. */
export function createLogPrinter(
  context: Pick<PodContext, 'stdout' | 'stderr' | 'env'>,
  { timestamps, color }: { timestamps: boolean; color: boolean },
): LogPrinter {
  /** Whose line has no end yet. */
  const open: Record<LogRecord['stream'], object | undefined> = { stdout: undefined, stderr: undefined };
  let count = 0;
  return {
    source: (label, details) => {
      const me = {};
      const hue = COLORS[count++ % COLORS.length]!;
      const before = (time: string, colors: ReturnType<typeof colorsFor>) => {
        const mark = label && (color ? colors[hue](label) : label);
        return [mark, timestamps ? time : '', details]
          .filter((word) => word !== '')
          .map((word) => `${word} `)
          .join('');
      };
      return async ({ stream: name, time, text, ended }) => {
        const stream = context[name];
        const holder = open[name];
        const start = holder === me ? '' : before(time, colorsFor(stream, context.env));
        const pieces = [`${holder && holder !== me ? '\n' : ''}${start}`, text, ended ? '\n' : ''];
        open[name] = ended ? undefined : me;
        const bytes = Buffer.concat(
          pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece)),
        );
        if (!stream.write(bytes)) await new Promise((resolve) => stream.once('drain', resolve));
      };
    },
  };
}
