/** One piece of a container's output, as its log has it: a line, or a part of one that goes on in the next record. */
export interface LogRecord {
  /** As it is written in the log: RFC 3339 with nanoseconds. */
  time: string;
  stream: 'stdout' | 'stderr';
  /** Without its newline. */
  text: Buffer;
  /** A newline follows. */
  ended: boolean;
}

const SPACE = 0x20;
const NEWLINE = 0x0a;

/** `TIME STREAM F|P TEXT`, the kubelet's format (CRI); undefined for a line that is none. */
function parseK8s(line: Buffer): LogRecord | undefined {
  const first = line.indexOf(SPACE);
  const second = line.indexOf(SPACE, first + 1);
  const third = line.indexOf(SPACE, second + 1);
  if (first < 0 || second < 0 || third < 0) return undefined;
  const stream = line.toString('latin1', first + 1, second);
  if (stream !== 'stdout' && stream !== 'stderr') return undefined;
  return {
    time: line.toString('latin1', 0, first),
    stream,
    text: line.subarray(third + 1),
    ended: line[second + 1] !== 0x50,
  };
}

/** Docker's json-file: {"log": "...\n", "stream": ..., "time": ...}. */
function parseJson(line: Buffer): LogRecord | undefined {
  try {
    const { log, stream, time } = JSON.parse(line.toString());
    if (typeof log !== 'string' || typeof time !== 'string') return undefined;
    if (stream !== 'stdout' && stream !== 'stderr') return undefined;
    const ended = log.endsWith('\n');
    return { time, stream, text: Buffer.from(ended ? log.slice(0, -1) : log), ended };
  } catch {
    return undefined;
  }
}

export type LogFormat = 'k8s-file' | 'json-file';

/** The record of one line of a log's file, without its newline; undefined for a line that is none. */
export function parseRecord(format: LogFormat, line: Buffer): LogRecord | undefined {
  return format === 'json-file' ? parseJson(line) : parseK8s(line);
}

/** Splits a growing log into records; a line that is cut off is kept for the next bytes. */
export function createLogParser(format: LogFormat): (bytes: Buffer) => LogRecord[] {
  let rest: Buffer = Buffer.alloc(0);
  return (bytes) => {
    const all = rest.length > 0 ? Buffer.concat([rest, bytes]) : bytes;
    const records: LogRecord[] = [];
    let from = 0;
    for (let at = all.indexOf(NEWLINE); at >= 0; at = all.indexOf(NEWLINE, from)) {
      const record = parseRecord(format, all.subarray(from, at));
      if (record) records.push(record);
      from = at + 1;
    }
    rest = Buffer.from(all.subarray(from));
    return records;
  };
}
