/** RUN, CMD, ENTRYPOINT, SHELL and HEALTHCHECK: what runs something. */

import type {
  CmdInstruction,
  Command,
  HealthcheckInstruction,
  RunInstruction,
  ShellInstruction,
} from './dockerfile.ts';
import { nanoseconds } from './duration.ts';
import { readFlags } from './flags.ts';
import { quoted } from './refusal.ts';
import { mountFlag } from './run-mount.ts';
import type { Statement } from './statement.ts';
import { cutWord, jsonWords } from './words.ts';

/** JSON is the exec form, anything else a line for the shell. */
function readCommand(text: string, { refuse }: Pick<Statement, 'refuse'>): Command {
  const words = jsonWords(text);
  if (words === null)
    throw refuse('the JSON form is a list of strings', 'write it as ["program", "argument"]');
  return words ? { form: 'exec', argv: words } : { form: 'shell', line: text };
}

export function readRun(statement: Statement): Omit<RunInstruction, keyof Common> {
  const { flags, rest, refuse } = statement;
  const { mount, network, security } = readFlags(
    flags,
    { mount: 'texts', network: 'text', security: 'text' },
    refuse,
  );
  const command = readCommand(rest, statement);
  if (rest === '' || (command.form === 'exec' && command.argv.length === 0))
    throw refuse('RUN needs a command');
  return {
    kind: 'RUN',
    command,
    mounts: mount.map((text) => mountFlag(text, refuse)),
    ...(network === undefined ? {} : { network: oneOf('network', network, NETWORKS, statement) }),
    ...(security === undefined ? {} : { security: oneOf('security', security, SECURITY, statement) }),
  };
}
const NETWORKS = ['default', 'none', 'host'] as const;
const SECURITY = ['sandbox', 'insecure'] as const;

function oneOf<T extends string>(
  flag: string,
  value: string,
  values: readonly T[],
  { refuse }: Statement,
): T {
  const found = values.find((known) => known === value.toLowerCase());
  if (found) return found;
  throw refuse(`--${flag} is no ${quoted(value)}`, `there are: ${values.join(', ')}`);
}

export function readCmd(statement: Statement): Omit<CmdInstruction, keyof Common> {
  readFlags(statement.flags, {}, statement.refuse);
  const kind = statement.kind === 'CMD' ? 'CMD' : 'ENTRYPOINT';
  if (statement.rest === '') return { kind, command: { form: 'exec', argv: [] } };
  return { kind, command: readCommand(statement.rest, statement) };
}

export function readShell({ flags, rest, refuse }: Statement): Omit<ShellInstruction, keyof Common> {
  readFlags(flags, {}, refuse);
  const shell = jsonWords(rest);
  if (!shell || shell.length === 0)
    throw refuse('SHELL is given in JSON form', 'write it as: SHELL ["/bin/bash", "-c"]');
  return { kind: 'SHELL', shell };
}

const TIMES = {
  interval: 'Interval',
  timeout: 'Timeout',
  'start-period': 'StartPeriod',
  'start-interval': 'StartInterval',
} as const;
const SHORTEST = 1e6; // a millisecond

export function readHealthcheck(statement: Statement): Omit<HealthcheckInstruction, keyof Common> {
  const { flags, rest, refuse } = statement;
  const [word, text] = cutWord(rest);
  const type = word.toUpperCase();
  if (type === 'NONE') {
    if (text !== '' || flags.length > 0) throw refuse('HEALTHCHECK NONE takes nothing else');
    return { kind: 'HEALTHCHECK', check: { Test: ['NONE'] } };
  }
  if (type !== 'CMD')
    throw refuse(
      word === '' ? 'HEALTHCHECK needs CMD or NONE' : `HEALTHCHECK has no ${quoted(word)}`,
      'write it as: HEALTHCHECK CMD command',
    );
  const command = readCommand(text, statement);
  if (text === '' || (command.form === 'exec' && command.argv.length === 0))
    throw refuse('HEALTHCHECK CMD needs a command');
  const Test = command.form === 'exec' ? ['CMD', ...command.argv] : ['CMD-SHELL', command.line];
  return { kind: 'HEALTHCHECK', check: { Test, ...readTimes(statement) } };
}

function readTimes({ flags, refuse }: Statement): Partial<HealthcheckInstruction['check']> {
  const read = readFlags(
    flags,
    { interval: 'text', timeout: 'text', 'start-period': 'text', 'start-interval': 'text', retries: 'text' },
    refuse,
  );
  const times: Record<string, number> = {};
  for (const [flag, name] of Object.entries(TIMES) as [keyof typeof TIMES, string][]) {
    const text = read[flag];
    if (text === undefined || text === '') continue;
    const time = nanoseconds(text);
    if (time === undefined)
      throw refuse(`--${flag} is no duration: ${quoted(text)}`, 'write it as 30s or 1m30s');
    if (time !== 0 && time < SHORTEST) throw refuse(`--${flag} is less than a millisecond`);
    if (time !== 0) times[name] = time;
  }
  const { retries } = read;
  if (retries !== undefined && retries !== '') {
    if (!/^\d{1,9}$/.test(retries)) throw refuse(`--retries is no number: ${quoted(retries)}`);
    if (Number(retries) > 0) times.Retries = Number(retries);
  }
  return times;
}

type Common = Pick<RunInstruction, 'line' | 'original' | 'keyword' | 'heredocs'>;
