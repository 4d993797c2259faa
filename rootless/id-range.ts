/** Ranges of user or group ids, as user_namespaces(7) maps them. */

export interface IdRange {
  /** First id inside. */
  container: number;
  /** First id outside. */
  host: number;
  /** How many, at least 1. */
  size: number;
}

/** How many ids the ranges hold. */
export function totalSize(ranges: IdRange[]): number {
  return ranges.reduce((sum, range) => sum + range.size, 0);
}

/** The parts of `range` whose host ids lie in one of `others` (by host id). */
export function intersect(range: IdRange, others: IdRange[]): IdRange[] {
  const parts: IdRange[] = [];
  for (const other of others) {
    const start = Math.max(range.host, other.host);
    const end = Math.min(range.host + range.size, other.host + other.size);
    if (end > start) parts.push(slice(range, start, end));
  }
  return parts;
}

/** The parts of `ranges` whose host ids lie in none of `taken`. */
export function subtract(ranges: IdRange[], taken: IdRange[]): IdRange[] {
  let left = ranges;
  for (const { host, size } of taken) {
    left = left.flatMap((range) => {
      const end = range.host + range.size;
      const parts: IdRange[] = [];
      if (range.host < host) parts.push(slice(range, range.host, Math.min(end, host)));
      if (end > host + size) parts.push(slice(range, Math.max(range.host, host + size), end));
      return parts;
    });
  }
  return left;
}

/** `inner` (container -> middle) after `outer` (middle -> host): container -> host, without what outer lacks. */
export function compose(inner: IdRange[], outer: IdRange[]): IdRange[] {
  const result: IdRange[] = [];
  for (const range of inner) {
    for (const other of outer) {
      const start = Math.max(range.host, other.container);
      const end = Math.min(range.host + range.size, other.container + other.size);
      if (end <= start) continue;
      result.push({
        container: range.container + (start - range.host),
        host: other.host + (start - other.container),
        size: end - start,
      });
    }
  }
  return result.sort((a, b) => a.container - b.container);
}

/** Inside and outside exchanged. */
export function inverse(ranges: IdRange[]): IdRange[] {
  return ranges.map(({ container, host, size }) => ({ container: host, host: container, size }));
}

/** The outside id of an inside one, or undefined. */
export function toHost(id: number, ranges: IdRange[]): number | undefined {
  const range = ranges.find(({ container, size }) => id >= container && id < container + size);
  return range && range.host + (id - range.container);
}

/** The inside id of an outside one, or undefined. */
export function toContainer(id: number, ranges: IdRange[]): number | undefined {
  return toHost(id, inverse(ranges));
}

function slice(range: IdRange, start: number, end: number): IdRange {
  return { container: range.container + (start - range.host), host: start, size: end - start };
}

/** `INSIDE:OUTSIDE:SIZE[,...]`, as plans have it. */
export function idTable(ranges: IdRange[]): string {
  return ranges.map(({ container, host, size }) => `${container}:${host}:${size}`).join(',');
}
