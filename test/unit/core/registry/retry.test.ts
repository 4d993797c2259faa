import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PodError } from '../../../../core/error.ts';
import { RegistryError } from '../../../../core/registry/error.ts';
import { parseRetryAfter, withRetry } from '../../../../core/registry/retry.ts';

const policy = { tries: 3, base: 1, longest: 50 };
const passing = (retryAfter?: number) =>
  new RegistryError({ code: 'network', message: 'x', registry: 'r', transient: true, retryAfter });
const lasting = new RegistryError({ code: 'denied', message: 'x', registry: 'r' });

async function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => assert.unreachable(),
    (error) => error,
  );
}

let calls = 0;
const counted = (error: Error) => async (): Promise<never> => {
  calls++;
  throw error;
};

test('what passes is tried again until it succeeds', async () => {
  calls = 0;
  const waits: number[] = [];
  const result = await withRetry(
    policy,
    undefined,
    async () => {
      if (++calls < 3) throw passing();
      return 'done';
    },
    (_, wait) => waits.push(wait),
  );
  assert.is(result, 'done');
  assert.is(waits.length, 2);
  assert.ok(waits[0]! >= 0.5 && waits[0]! <= 1, String(waits[0]));
  assert.ok(waits[1]! >= 1 && waits[1]! <= 2, String(waits[1]));
});

test('tries are bounded, and lasting errors and others are not tried again', async () => {
  const error = passing();
  calls = 0;
  assert.is(await failure(withRetry(policy, undefined, counted(error))), error);
  assert.is(calls, 3);
  calls = 0;
  assert.is(await failure(withRetry(policy, undefined, counted(lasting))), lasting);
  assert.is(calls, 1);
});

test('progress starts the count anew', async () => {
  calls = 0;
  await withRetry(policy, undefined, async (attempt) => {
    if (++calls === 10) return;
    attempt.progressed();
    throw passing();
  });
  assert.is(calls, 10);
});

test('Retry-After is waited, unless it is too long', async () => {
  const waits: number[] = [];
  calls = 0;
  await withRetry(
    policy,
    undefined,
    async () => {
      if (++calls === 1) throw passing(20);
    },
    (_, wait) => waits.push(wait),
  );
  assert.equal(waits, [20]);
  calls = 0;
  await failure(withRetry(policy, undefined, counted(passing(51))));
  assert.is(calls, 1);
});

test('a signal ends the waiting', async () => {
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 20);
  const slow = { tries: 9, base: 10_000, longest: 10_000 };
  const error = await failure(withRetry(slow, stop.signal, () => Promise.reject(passing())));
  assert.instance(error, PodError);
  assert.is((error as PodError).code, 'interrupted');
});

test('Retry-After is seconds or a date', () => {
  const now = Date.parse('2024-01-01T00:00:00Z');
  assert.is(parseRetryAfter('120', now), 120_000);
  assert.is(parseRetryAfter('Mon, 01 Jan 2024 00:00:10 GMT', now), 10_000);
  assert.is(parseRetryAfter('Mon, 01 Jan 2020 00:00:10 GMT', now), 0);
  for (const text of [undefined, 'soon', '-1', '']) assert.is(parseRetryAfter(text, now), undefined);
});

test.run();
