/** An event as it was written: docker's words (`docker events`), but for the order of an object's members. */
export interface PodEvent {
  type: string;
  action: string;
  id: string;
  /** The image of a container, as it was named. */
  from: string | undefined;
  attributes: Record<string, string>;
  scope: string;
  /** Seconds since the epoch. */
  time: number;
  /** Nanoseconds since the epoch. */
  timeNano: bigint;
}

const isText = (value: unknown): value is string => typeof value === 'string';

/**
 * The event of a line; undefined: it is damaged. A line may begin with what a full disk has left of another event, whose
 * writer could not end it: the next one's stands behind it. `{"time":1` can't be inside of an event: attributes are
 * strings, in which quotes are escaped.
 */
export function readEventLine(line: string): PodEvent | undefined {
  return parseEvent(line) ?? parseEvent(line.replace(/^.*(?=\{"time":\d)/s, ''));
}

/** A double would round it, and to have each number as it was written takes JSON.parse five times as long. */
const TIME_NANO = /"timeNano":(\d{1,20})[,}]/;

function parseEvent(line: string): PodEvent | undefined {
  try {
    return eventOf(JSON.parse(line), TIME_NANO.exec(line)?.[1]);
  } catch {
    return undefined;
  }
}

function eventOf(value: unknown, timeNano: string | undefined): PodEvent | undefined {
  if (typeof value !== 'object' || value === null || timeNano === undefined) return undefined;
  const { Type, Action, id, from, scope, time, Actor } = value as Record<string, unknown>;
  const attributes = (Actor as { Attributes?: unknown } | undefined)?.Attributes;
  if (!isText(Type) || !isText(Action) || !isText(id) || typeof time !== 'number') return undefined;
  if (typeof attributes !== 'object' || attributes === null) return undefined;
  const texts = Object.entries(attributes).filter((pair): pair is [string, string] => isText(pair[1]));
  return {
    type: Type,
    action: Action,
    id,
    from: isText(from) ? from : undefined,
    attributes: Object.fromEntries(texts),
    scope: isText(scope) ? scope : 'local',
    time,
    timeNano: BigInt(timeNano),
  };
}

/** Docker's object for an event, its members in docker's order, on one line. */
export function dockerEventJson({
  type,
  action,
  id,
  from,
  attributes,
  scope,
  time,
  timeNano,
}: PodEvent): string {
  const object = {
    status: action,
    id,
    ...(from !== undefined && { from }),
    Type: type,
    Action: action,
    Actor: { ID: id, Attributes: attributes },
    scope,
    time,
  };
  return `${JSON.stringify(object).slice(0, -1)},"timeNano":${timeNano}}`; // which JSON.stringify refuses
}
