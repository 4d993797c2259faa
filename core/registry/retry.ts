/** Trying again: a bounded number of times, each after a longer, jittered wait, or as long as the registry asks. */

import { setTimeout as sleep } from 'node:timers/promises';
import { PodError } from '../error.ts';
import { RegistryError } from './error.ts';

export interface RetryPolicy {
  /** Tries in all, without any progress between them. */
  readonly tries: number;
  /** Milliseconds before the second try; doubled each time. */
  readonly base: number;
  /** The longest wait in milliseconds, also for what a registry asks for. */
  readonly longest: number;
}

export const DEFAULT_RETRY: RetryPolicy = { tries: 5, base: 500, longest: 60_000 };

export interface Attempt {
  /** Says that this try got further than the ones before: they count no more. */
  progressed(): void;
}

/**
 * Runs `work` until it succeeds, fails for good, or fails too often. `onWait` hears of each wait.
 * A Retry-After beyond the policy's longest wait is a failure for good.
 */
export async function withRetry<T>(
  policy: RetryPolicy,
  signal: AbortSignal | undefined,
  work: (attempt: Attempt) => Promise<T>,
  onWait?: (error: RegistryError, milliseconds: number) => void,
): Promise<T> {
  let failures = 0;
  for (;;) {
    let progress = false;
    try {
      signal?.throwIfAborted();
      return await work({ progressed: () => (progress = true) });
    } catch (error) {
      if (signal?.aborted) throw interrupted(signal.reason);
      if (!(error instanceof RegistryError) || !error.transient) throw error;
      failures = progress ? 1 : failures + 1;
      const asked = error.retryAfter;
      if (failures >= policy.tries || (asked !== undefined && asked > policy.longest)) throw error;
      const wait = asked ?? backOff(policy, failures);
      onWait?.(error, wait);
      await sleep(wait, undefined, signal === undefined ? {} : { signal }).catch(() => {});
    }
  }
}

/** Half of the doubled wait is certain, half is chance, so that clients don't come back in step. */
function backOff(policy: RetryPolicy, failures: number): number {
  const full = Math.min(policy.base * 2 ** (failures - 1), policy.longest);
  return full / 2 + Math.random() * (full / 2);
}

/** Milliseconds of a Retry-After header (RFC 9110, 10.2.3): seconds or a date. */
export function parseRetryAfter(value: string | undefined, now = Date.now()): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1000;
  const date = /^[A-Z][a-z]{2}/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

export function interrupted(reason: unknown): PodError {
  if (reason instanceof PodError) return reason;
  return new PodError({ code: 'interrupted', message: 'the transfer was interrupted', cause: reason });
}
