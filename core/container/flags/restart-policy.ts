import { PodError } from '../../error.ts';

/** When the monitor starts a container that has ended anew. `maximum`: of on-failure, 0 is no limit. */
export interface RestartPolicy {
  name: 'no' | 'on-failure' | 'always' | 'unless-stopped';
  maximum: number;
}

const NAMES = ['no', 'on-failure', 'always', 'unless-stopped'] as const;

/** The largest number that docker's API takes for it. */
const MAXIMUM = 2 ** 31 - 1;

function wrong(text: string, why: string): PodError {
  return new PodError({
    code: 'usage',
    message: `cannot use --restart ${text}`,
    why,
    hint: '--restart takes no, on-failure[:number], always or unless-stopped',
  });
}

/** Reads `--restart NAME[:NUMBER]`; nothing, or an empty word, is `no`. Throws PodError `usage`. */
export function parseRestartPolicy(text: string | undefined): RestartPolicy {
  if (text === undefined || text === '') return { name: 'no', maximum: 0 };
  const colon = text.indexOf(':');
  const word = colon < 0 ? text : text.slice(0, colon);
  const name = NAMES.find((one) => one === word);
  if (!name) throw wrong(text, 'there is no such policy');
  if (colon < 0) return { name, maximum: 0 };
  const number = text.slice(colon + 1);
  if (name !== 'on-failure') throw wrong(text, 'only on-failure takes a number of retries');
  if (!/^\d+$/.test(number) || Number(number) > MAXIMUM)
    throw wrong(text, `the number of retries is from 0 to ${MAXIMUM}`);
  return { name, maximum: Number(number) };
}

/** The policy of a new container. A container that is removed at its end can't be started again. */
export function restartPolicyOf(options: { restart?: string | undefined; rm: boolean }): RestartPolicy {
  const policy = parseRestartPolicy(options.restart);
  if (options.rm && policy.name !== 'no')
    throw new PodError({ code: 'usage', message: '--restart and --rm exclude each other' });
  return policy;
}
