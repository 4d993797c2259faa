import { parseDuration, refused } from './parse.ts';

/**
 * A moment as --since, --until and the filter `until` take it, in milliseconds since the epoch: RFC 3339 or a date,
 * seconds since the epoch, or a duration before now as Go writes it (`10m`). Throws PodError `usage`.
 */
export function parseMoment(text: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const time = Date.parse(text);
  if (Number.isNaN(time)) return Date.now() - ago(text);
  const beyond = /:\d\d\.\d{3}(\d+)/.exec(text)?.[1]; // Date knows milliseconds
  return beyond ? time + Number(`0.${beyond}`) : time;
}

function ago(text: string): number {
  try {
    return parseDuration(text);
  } catch {
    throw refused(
      'time',
      text,
      'it takes a time as 2026-01-31T10:00:00Z, seconds since 1970, or how long ago as 10m',
    );
  }
}
