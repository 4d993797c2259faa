/**
 * Extended headers of POSIX pax(1), "pax Extended Header": records "LENGTH KEY=VALUE\n", whose values may be
 * binary. Keys and values are byte strings here.
 */
import type { Time } from '../../rootless/file-ops.ts';
import { brokenTar } from './tar-entry.ts';

/** One header's records in order, as [key, value]. */
export function parsePax(body: Buffer): [string, string][] {
  const records: [string, string][] = [];
  for (let at = 0; at < body.length; ) {
    // Some writers pad the body with NULs.
    if (body[at] === 0 && body.subarray(at).every((byte) => byte === 0)) break;
    const length = recordLength(body, at);
    const start = body.indexOf(0x20, at) + 1;
    const end = at + length;
    const equals = body.indexOf(0x3d, start);
    if (end > body.length || body[end - 1] !== 0x0a || equals < start + 1 || equals >= end)
      throw brokenTar('a broken record in a pax header');
    const key = body.toString('latin1', start, equals);
    if (key.includes('\0')) throw brokenTar('a NUL in a key of a pax header');
    records.push([key, body.toString('latin1', equals + 1, end - 1)]);
    at = end;
  }
  return records;
}

function recordLength(body: Buffer, at: number): number {
  let length = 0;
  for (let i = at; i < at + 10; i++) {
    const byte = body[i];
    if (byte === 0x20 && i > at) {
      if (length < i - at + 4) break;
      return length;
    }
    if (byte === undefined || byte < 0x30 || byte > 0x39) break;
    length = length * 10 + byte - 0x30;
  }
  throw brokenTar('a broken length in a pax header');
}

/** One record; its length counts its own digits. */
export function paxRecord(key: string, value: string): string {
  const rest = key.length + value.length + 3;
  let length = rest + String(rest).length;
  if (rest + String(length).length > length) length++;
  return `${length} ${key}=${value}\n`;
}

/** "-1.25" as { seconds: -2, nanoseconds: 750000000 }; undefined when it isn't a time. */
export function parsePaxTime(text: string): Time | undefined {
  const match = /^(-?)(\d{1,15})(?:\.(\d*))?$/.exec(text);
  if (!match) return undefined;
  const seconds = Number(match[2]);
  const nanoseconds = Number((match[3] ?? '').slice(0, 9).padEnd(9, '0'));
  if (match[1] === '') return { seconds, nanoseconds };
  if (nanoseconds === 0) return { seconds: seconds === 0 ? 0 : -seconds, nanoseconds };
  return { seconds: -seconds - 1, nanoseconds: 1_000_000_000 - nanoseconds };
}

/** The shortest text for a time, the reverse of parsePaxTime. */
export function paxTime(time: Time): string {
  const { seconds, nanoseconds } = time;
  if (nanoseconds === 0) return String(seconds);
  const negative = seconds < 0;
  const whole = negative ? -seconds - 1 : seconds;
  const fraction = negative ? 1_000_000_000 - nanoseconds : nanoseconds;
  return `${negative ? '-' : ''}${whole}.${String(fraction).padStart(9, '0').replace(/0+$/, '')}`;
}
