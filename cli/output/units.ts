import { toFixedEven } from '../format/round.ts';

const decimalUnits = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB'];
const binaryUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB', 'ZiB', 'YiB'];

/** Bytes in powers of 1000 with three digits, as docker lists images: `7.8MB`, `133MB`, `0B`. */
export function humanSize(bytes: number, digits = 3): string {
  return sized(bytes, 1000, decimalUnits, digits);
}

/** Bytes in powers of 1024 with four digits, as docker shows memory: `1.5GiB`. */
export function bytesSize(bytes: number, digits = 4): string {
  return sized(bytes, 1024, binaryUnits, digits);
}

function sized(bytes: number, base: number, units: string[], digits: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= base && unit < units.length - 1) {
    value /= base;
    unit++;
  }
  let text = significant(value, digits);
  // 999.9 kB would round to 1e+03kB; the next unit says it better.
  if (base === 1000 && Number(text) >= base && unit < units.length - 1) {
    unit++;
    text = '1';
  }
  return `${text}${units[unit]}`;
}

/** %.Ng without its exponents: so many digits that count, trailing zeros dropped. */
function significant(value: number, digits: number): string {
  const whole = Math.max(1, Math.floor(Math.abs(value)).toString().length);
  const text = toFixedEven(value, Math.max(0, digits - whole));
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** A length of time in docker's words (units.HumanDuration): `Less than a second`, `About an hour`, `3 weeks`. */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / 1000);
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < 60) return `${seconds} seconds`;
  const minutes = Math.trunc(seconds / 60);
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.trunc(milliseconds / 3_600_000 + 0.5);
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  const days = Math.trunc(hours / 24);
  if (hours < 24 * 7 * 2) return `${days} days`;
  if (hours < 24 * 30 * 2) return `${Math.trunc(days / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.trunc(days / 30)} months`;
  return `${Math.trunc(milliseconds / 3_600_000 / 24 / 365)} years`;
}

/** `2 hours ago`; both times in milliseconds since 1970. */
export function ago(then: number, now: number): string {
  return `${humanDuration(now - then)} ago`;
}

/** The first twelve characters of an id, its algorithm (`sha256:`) left out. */
export function shortId(id: string): string {
  return id.slice(id.indexOf(':') + 1).slice(0, 12);
}

/** Local time as Go prints it, docker's CreatedAt: `2026-01-02 15:04:05 +0100 CET`. Milliseconds since 1970. */
export function goTime(time: number): string {
  const date = new Date(time);
  const two = (number: number) => String(number).padStart(2, '0');
  const offset = -date.getTimezoneOffset();
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 60))}${two(Math.abs(offset) % 60)}`;
  const name = offset === 0 ? 'UTC' : (/\(([A-Z]{2,5})\)$/.exec(date.toString())?.[1] ?? zone);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())} ${zone} ${name}`;
}
