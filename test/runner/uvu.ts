/** Stands in for `uvu` in test processes: the same tests, each with a time limit, and each reported. */
import { inspect } from 'node:util';
import { exec as realExec, suite as realSuite } from 'uvu';
import { tell } from './events.ts';
import { secondsForTest } from './limit.ts';
import { Skipped } from './skip.ts';

export const exec = realExec;

type Handler = (state: object) => unknown;

function bounded(name: string, handler: Handler): Handler {
  const seconds = secondsForTest();
  return async (state) => {
    const begin = performance.now();
    const ms = () => Math.round(performance.now() - begin);
    tell({ kind: 'start', name, seconds });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`took longer than ${seconds} s`)), seconds * 1000);
    });
    try {
      await Promise.race([Promise.resolve(state).then(handler), late]);
      tell({ kind: 'pass', name, ms: ms() });
    } catch (error) {
      if (error instanceof Skipped) {
        tell({ kind: 'skip', name, why: error.message });
        return;
      }
      tell({ kind: 'fail', name, ms: ms(), error: inspect(error) });
      // uvu's reporter reads properties of what was thrown.
      throw error instanceof Error ? error : new Error(`not an Error was thrown: ${String(error)}`);
    } finally {
      clearTimeout(timer);
    }
  };
}

/** uvu's suite, whose tests are announced when they are registered and bounded when they run. */
export function suite(
  title = '',
  state: object = {},
): typeof realSuite extends (...a: never[]) => infer S ? S : never {
  const real = realSuite(title, state) as unknown as Record<string, unknown> &
    ((name: string, h: Handler) => void);
  const wanted = process.env.TEST_NAMES ?? '';
  const full = (name: string) => (title === '' ? name : `${title}: ${name}`);
  const register = (add: (name: string, h: Handler) => void) => (name: string, handler: Handler) => {
    if (!full(name).includes(wanted)) return;
    tell({ kind: 'plan', name: full(name) });
    add(name, bounded(full(name), handler));
  };
  const only = register(real.only as (name: string, h: Handler) => void);
  const before = real.before as (hook: Handler) => void;
  return Object.assign(register(real), {
    before: Object.assign(
      (hook: Handler) =>
        before(async (state) => {
          try {
            await hook(state);
          } catch (error) {
            // uvu swallows it: the tests only don't run.
            console.error('before the tests:', error);
            throw error;
          }
        }),
      before,
    ),
    after: real.after,
    run: real.run,
    only: (name: string, handler: Handler) => {
      tell({ kind: 'only' });
      only(name, handler);
    },
    skip: (name: string) => {
      tell({ kind: 'plan', name: full(name) });
      tell({ kind: 'skip', name: full(name), why: 'test.skip gives no reason: use skip(why) in the test' });
    },
  }) as never;
}

export const test = suite();
