import type { FileStreamSink } from '../../../rootless/file-stream.ts';
import type { BuildOptions } from '../options.ts';

/** Files of a layer with the times that --source-date-epoch (no later) or --timestamp (that one) allow; undefined: any. */
export function clampTimes({
  sourceDateEpoch,
  timestamp,
}: Pick<BuildOptions, 'sourceDateEpoch' | 'timestamp'>):
  | ((sink: FileStreamSink) => FileStreamSink)
  | undefined {
  const limit = timestamp ?? sourceDateEpoch;
  if (limit === undefined) return undefined;
  const isKept = (seconds: number): boolean => timestamp === undefined && seconds < limit;
  return (sink) => ({
    ...sink,
    entry: (entry) =>
      sink.entry(
        isKept(entry.mtime.seconds) ? entry : { ...entry, mtime: { seconds: limit, nanoseconds: 0 } },
      ),
  });
}
