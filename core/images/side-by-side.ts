/** Several pieces of work at once, of which the first failure stops the others. */

import { createGate } from '../gate.ts';
import { interrupted } from '../registry/retry.ts';

/**
 * Does `work` for every item, so many at a time. The first failure aborts the signal that the others have, and is
 * thrown when all have ended; so is `interrupted`, or the PodError it was for, once `outer` is aborted.
 */
export async function sideBySide<T>(
  items: readonly T[],
  atOnce: number,
  outer: AbortSignal | undefined,
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const signal = outer ? AbortSignal.any([outer, stop.signal]) : stop.signal;
  const gate = createGate(atOnce);
  const failures: unknown[] = [];
  // What fails aborts before the gate lets the next one in.
  const one = async (item: T): Promise<void> => {
    if (signal.aborted) return;
    try {
      await work(item, signal);
    } catch (error) {
      failures.push(error);
      stop.abort(error);
    }
  };
  await Promise.all(items.map((item) => gate(() => one(item))));
  if (failures.length > 0) throw failures[0];
  if (outer?.aborted) throw interrupted(outer.reason);
}
