import { setTimeout as pause } from 'node:timers/promises';

/**
 * Asks again and again (every 20 ms) until the answer is truthy and gives that answer; after `ms` it fails with the
 * last error or answer. Instead of a sleep, which is too short on a slow day and too long on all others.
 */
export async function eventually<T>(ask: () => T | Promise<T>, ms = 60_000): Promise<T> {
  const deadline = Date.now() + ms;
  for (;;) {
    let last: unknown;
    try {
      const answer = await ask();
      if (answer) return answer;
      last = answer;
    } catch (error) {
      last = error;
    }
    if (Date.now() >= deadline) {
      if (last instanceof Error) throw last;
      throw new Error(`still ${JSON.stringify(last)} after ${ms} ms: ${ask.toString().slice(0, 200)}`);
    }
    await pause(20);
  }
}
