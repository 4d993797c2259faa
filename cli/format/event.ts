import type { PodEvent } from '../../core/events/event-line.ts';
import { asMap } from './values.ts';

const two = (number: number) => String(number).padStart(2, '0');

/** RFC 3339 with all nine digits of the nanoseconds, in the time zone of the user, as docker shows it. */
function eventTime(timeNano: bigint): string {
  const date = new Date(Number(timeNano / 1_000_000n));
  const east = -date.getTimezoneOffset();
  const local = new Date(date.getTime() + east * 60_000).toISOString().slice(0, 19);
  const zone = `${east < 0 ? '-' : '+'}${two(Math.floor(Math.abs(east) / 60))}:${two(Math.abs(east) % 60)}`;
  return `${local}.${String(timeNano % 1_000_000_000n).padStart(9, '0')}${east === 0 ? 'Z' : zone}`;
}

/** docker's line: TIME TYPE ACTION ID (KEY=VALUE, ...), sorted by key. */
export function eventText({ type, action, id, attributes, timeNano }: PodEvent): string {
  const pairs = Object.entries(attributes)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`);
  const details = pairs.length > 0 ? ` (${pairs.join(', ')})` : '';
  return `${eventTime(timeNano)} ${type} ${action} ${id}${details}`;
}

/** What a template sees: docker's fields and podman's. */
export function eventFields(event: PodEvent): object {
  const { type, action, id, from = '', attributes, scope, time, timeNano } = event;
  const known = asMap({ ...attributes });
  return {
    Type: type,
    Action: action,
    Actor: { ID: id, Attributes: known },
    Scope: scope,
    Time: time,
    TimeNano: timeNano,
    Status: action,
    ID: id,
    From: from,
    Image: from,
    Name: attributes.name ?? '',
    Attributes: known,
    ContainerExitCode: Number(attributes.exitCode ?? 0),
    HealthStatus: /^health_status: (.*)$/.exec(action)?.[1] ?? '',
  };
}
