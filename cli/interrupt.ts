import { constants } from 'node:os';
import { PodError } from '../core/error.ts';

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Work that tidies up after itself when a signal ends it: `signal` is aborted then, and the exit status says by what. */
export async function untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const onSignal = (name: (typeof ENDING)[number]): void => {
    const exitCode = 128 + constants.signals[name];
    stop.abort(new PodError({ code: 'interrupted', message: `interrupted by ${name}`, exitCode }));
  };
  for (const name of ENDING) process.on(name, onSignal);
  try {
    return await work(stop.signal);
  } catch (error) {
    throw stop.signal.aborted ? stop.signal.reason : error;
  } finally {
    for (const name of ENDING) process.off(name, onSignal);
  }
}
