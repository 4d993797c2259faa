import { fstatSync, readSync } from 'node:fs';
import type { LogFile } from './log-files.ts';
import { type LogFormat, type LogRecord, parseRecord } from './log-record.ts';

const CHUNK = 64 << 10;
const NEWLINE = 0x0a;

interface Placed {
  file: number;
  /** Where the record begins in it. */
  position: number;
  record: LogRecord;
}

/** Lines of a file from its end to its beginning, without what is behind the last newline. */
function* linesBackward(fd: number): Generator<{ position: number; line: Buffer }> {
  let at = fstatSync(fd).size;
  let rest: Buffer[] = []; // of the line that is looked for the beginning of, the last piece first
  let open = false; // a newline was met: what is before it is a whole line
  while (at > 0) {
    const from = Math.max(0, at - CHUNK);
    const chunk = Buffer.allocUnsafe(at - from);
    const length = readSync(fd, chunk, 0, chunk.length, from);
    let end = length;
    for (let newline = chunk.lastIndexOf(NEWLINE, end - 1); newline >= 0 && end > 0; ) {
      if (open)
        yield {
          position: from + newline + 1,
          line: Buffer.concat([chunk.subarray(newline + 1, end), ...rest.reverse()]),
        };
      open = true;
      rest = [];
      end = newline;
      newline = end > 0 ? chunk.lastIndexOf(NEWLINE, end - 1) : -1;
    }
    if (open) rest.push(chunk.subarray(0, end));
    at = from;
  }
  if (open) yield { position: 0, line: Buffer.concat(rest.reverse()) };
}

function* recordsBackward(files: readonly LogFile[], format: LogFormat): Generator<Placed> {
  for (let file = files.length - 1; file >= 0; file--) {
    for (const { position, line } of linesBackward(files[file]!.fd)) {
      const record = parseRecord(format, line);
      if (record) yield { file, position, record };
    }
  }
}

/**
 * Moves the files' positions to where the last `count` lines begin, of those in the span of time (milliseconds since
 * the epoch); a line may have several records. What is before is never read, and no more than a record is kept.
 */
export function seekTail(
  files: readonly LogFile[],
  format: LogFormat,
  count: number,
  { since, until }: { since?: number | undefined; until?: number | undefined } = {},
): void {
  let start: { file: number; position: number } = { file: files.length, position: 0 };
  let lines = 0;
  let last = true;
  for (const { file, position, record } of recordsBackward(files, format)) {
    if (count === 0) break;
    const time = since === undefined && until === undefined ? 0 : Date.parse(record.time);
    if (until !== undefined && time > until) continue;
    if (since !== undefined && time < since) break;
    if (record.ended || last) lines++;
    last = false;
    if (lines > count) break;
    start = { file, position };
  }
  files.forEach((file, index) => {
    if (index < start.file) file.position = fstatSync(file.fd).size;
    if (index === start.file) file.position = start.position;
  });
}
