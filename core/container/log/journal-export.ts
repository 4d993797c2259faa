import type { LogRecord } from './log-record.ts';

export interface JournalRecord extends LogRecord {
  /** Where it is in the journal, for journalctl --cursor. */
  cursor: string;
}

const NEWLINE = 0x0a;
const EQUALS = 0x3d;

/**
 * Reads systemd's Journal Export Format: an entry is fields and an empty line; a field is `NAME=value`, or NAME, eight
 * bytes with the value's length (little-endian), and the value. Gives a record for each entry that has a message.
 */
export function createJournalParser(): (bytes: Buffer) => JournalRecord[] {
  let rest: Buffer = Buffer.alloc(0);
  let entry = new Map<string, Buffer>();
  return (bytes) => {
    const all = rest.length > 0 ? Buffer.concat([rest, bytes]) : bytes;
    const records: JournalRecord[] = [];
    let from = 0;
    for (;;) {
      const field = fieldAt(all, from);
      if (!field) break;
      from = field.next;
      if (field.name !== '') entry.set(field.name, field.value);
      else {
        const record = recordOf(entry);
        if (record) records.push(record);
        entry = new Map();
      }
    }
    rest = Buffer.from(all.subarray(from));
    return records;
  };
}

/** undefined: not whole yet. The name is empty at an entry's end. */
function fieldAt(all: Buffer, from: number): { name: string; value: Buffer; next: number } | undefined {
  const newline = all.indexOf(NEWLINE, from);
  if (newline < 0) return undefined;
  const line = all.subarray(from, newline);
  const equals = line.indexOf(EQUALS);
  if (line.length === 0) return { name: '', value: line, next: newline + 1 };
  if (equals >= 0)
    return { name: line.toString('latin1', 0, equals), value: line.subarray(equals + 1), next: newline + 1 };
  const start = newline + 1 + 8;
  if (all.length < start) return undefined;
  const end = start + Number(all.readBigUInt64LE(newline + 1));
  if (all.length <= end) return undefined;
  return { name: line.toString('latin1'), value: all.subarray(start, end), next: end + 1 };
}

function recordOf(entry: Map<string, Buffer>): JournalRecord | undefined {
  const text = entry.get('MESSAGE');
  const micros = entry.get('__REALTIME_TIMESTAMP')?.toString();
  if (!text || !micros || !/^\d+$/.test(micros)) return undefined;
  const time = new Date(Number(BigInt(micros) / 1000n)).toISOString().slice(0, 19);
  return {
    time: `${time}.${micros.slice(-6)}000+00:00`,
    stream: entry.get('PRIORITY')?.toString() === '3' ? 'stderr' : 'stdout',
    text: Buffer.from(text),
    cursor: entry.get('__CURSOR')?.toString() ?? '',
    ended: entry.get('CONTAINER_PARTIAL_MESSAGE')?.toString() !== 'true',
  };
}
