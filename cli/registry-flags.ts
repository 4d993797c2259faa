import type { Credentials } from '../core/config/credentials.ts';
import { PodError } from '../core/error.ts';
import { DEFAULT_RETRY, type RetryPolicy } from '../core/registry/retry.ts';
import { askSecret } from './ask.ts';
import type { PodContext } from './command.ts';
import { isTerminal } from './output/color.ts';
import { parseDuration, parseInteger } from './parse.ts';

/** --creds user[:password]. What was typed stays out of every message, and is gone from the list of processes. */
export async function readCredentials(text: string, context: PodContext): Promise<Credentials> {
  process.title = 'tsc-pod'; // takes the place of all arguments in /proc/PID/cmdline
  const colon = text.indexOf(':');
  const user = colon < 0 ? text : text.slice(0, colon);
  if (user === '') throw new PodError({ code: 'usage', message: 'the user of --creds is empty' });
  if (colon >= 0) return { kind: 'password', user, password: text.slice(colon + 1) };
  if (!isTerminal(context.stdin)) {
    throw new PodError({
      code: 'usage',
      message: '--creds has no password, and standard input is no terminal to ask for it',
      hint: 'echo "$PASSWORD" | tsc-pod login -u USER --password-stdin REGISTRY',
    });
  }
  return { kind: 'password', user, password: await askSecret(context, 'Password: ') };
}

/** --retry, which counts what comes after the first try, and --retry-delay. Undefined where neither is given. */
export function retryPolicy(retry: string | undefined, delay: string | undefined): RetryPolicy | undefined {
  if (retry === undefined && delay === undefined) return undefined;
  const tries = retry === undefined ? DEFAULT_RETRY.tries : parseInteger(retry, 0, 1000) + 1;
  const base = delay === undefined ? DEFAULT_RETRY.base : Math.max(0, parseDuration(delay));
  return { tries, base, longest: Math.max(base, DEFAULT_RETRY.longest) };
}
