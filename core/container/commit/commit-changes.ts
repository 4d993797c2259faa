/** `commit --change`: the Dockerfile instructions that change an image's config and not its files. */

import { posix } from 'node:path';
import { PodError } from '../../error.ts';
import type { ExecutionConfig, Healthcheck } from '../../images/format/types.ts';
import { commandForm, execForm, keyValues, splitWords } from '../instruction-words.ts';
import { stopSignalOf } from '../signals.ts';

type Apply = (config: ExecutionConfig, value: string) => void;

class Malformed extends Error {}

const demand = <T>(value: T | undefined, why: string): T => {
  if (value === undefined) throw new Malformed(why);
  return value;
};

function setVariable(config: ExecutionConfig, name: string, value: string): void {
  const env = (config.Env ?? []).filter((variable) => !variable.startsWith(`${name}=`));
  config.Env = [...env, `${name}=${value}`];
}

function expose(config: ExecutionConfig, word: string): void {
  const [, from, to = from, protocol = 'tcp'] =
    /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(word) ?? [];
  const [first, last] = [Number(demand(from, `${JSON.stringify(word)} is no port`)), Number(to)];
  if (first < 1 || last > 65535 || last < first) throw new Malformed(`${JSON.stringify(word)} is no port`);
  const ports = { ...config.ExposedPorts };
  for (let port = first; port <= last; port++) ports[`${port}/${protocol.toLowerCase()}`] = {};
  config.ExposedPorts = ports;
}

const NANOSECONDS: Record<string, number> = { ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };

function nanoseconds(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  if (parts.map(([part]) => part).join('') !== text || text === '')
    throw new Malformed(`${JSON.stringify(text)} is no duration`);
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * NANOSECONDS[unit!]!, 0);
}

const TIMES: Record<string, 'Interval' | 'Timeout' | 'StartPeriod' | 'StartInterval'> = {
  interval: 'Interval',
  timeout: 'Timeout',
  'start-period': 'StartPeriod',
  'start-interval': 'StartInterval',
};

function healthcheck(text: string): Healthcheck {
  const check: Healthcheck = {};
  let rest = text;
  for (let flag = FLAG.exec(rest); flag; flag = FLAG.exec(rest)) {
    const [whole, name, value] = flag;
    const time = TIMES[name!];
    if (time) check[time] = nanoseconds(value!);
    else if (name === 'retries' && /^\d+$/.test(value!)) check.Retries = Number(value);
    else throw new Malformed(`${JSON.stringify(whole.trim())} is no option of HEALTHCHECK`);
    rest = rest.slice(whole.length);
  }
  if (/^none$/i.test(rest)) return { Test: ['NONE'] };
  const [, command] = /^cmd\s+([\s\S]+)$/i.exec(rest) ?? [];
  const line = demand(command, 'it takes CMD and a command, or NONE');
  const argv = execForm(line);
  return { ...check, Test: argv ? ['CMD', ...argv] : ['CMD-SHELL', line] };
}
const FLAG = /^--([a-z-]+)=(\S+)\s+/;

const INSTRUCTIONS: Record<string, Apply> = {
  CMD: (config, value) => {
    config.Cmd = commandForm(value, config.Shell);
  },
  ENTRYPOINT: (config, value) => {
    config.Entrypoint = commandForm(value, config.Shell);
    config.Cmd = null; // as in a Dockerfile: the command belonged to another entrypoint
  },
  ENV: (config, value) => {
    for (const [name, text] of demand(keyValues(value), 'it takes NAME=VALUE'))
      setVariable(config, name, text);
  },
  EXPOSE: (config, value) => {
    for (const word of splitWords(value)) expose(config, word);
  },
  HEALTHCHECK: (config, value) => {
    config.Healthcheck = healthcheck(value);
  },
  LABEL: (config, value) => {
    const labels = demand(keyValues(value), 'it takes NAME=VALUE');
    config.Labels = { ...config.Labels, ...Object.fromEntries(labels) };
  },
  ONBUILD: (config, value) => {
    config.OnBuild = [...(config.OnBuild ?? []), value];
  },
  STOPSIGNAL: (config, value) => {
    stopSignalOf(value); // throws where there is no such signal
    config.StopSignal = value;
  },
  USER: (config, value) => {
    config.User = value;
  },
  VOLUME: (config, value) => {
    const paths = execForm(value) ?? splitWords(value);
    config.Volumes = { ...config.Volumes, ...Object.fromEntries(paths.map((path) => [path, {}])) };
  },
  WORKDIR: (config, value) => {
    config.WorkingDir = posix.resolve('/', config.WorkingDir ?? '', value);
  },
};

/**
 * Carries out `INSTRUCTION VALUE` (podman's `INSTRUCTION=VALUE` too) one after the other; gives a new config. Throws
 * PodError `usage`.
 */
export function applyChanges(config: ExecutionConfig, changes: readonly string[]): ExecutionConfig {
  const changed = { ...config };
  for (const change of changes) {
    const [, name = '', value = ''] = /^\s*([A-Za-z]+)(?:\s+|=)([\s\S]*\S)\s*$/.exec(change) ?? [];
    const apply = INSTRUCTIONS[name.toUpperCase()];
    if (!apply) throw unknown(change);
    try {
      apply(changed, value);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      throw new PodError({
        code: 'usage',
        message: `cannot use --change ${JSON.stringify(change)}`,
        why: error.message,
      });
    }
  }
  if (changed.Cmd === null) delete changed.Cmd;
  return changed;
}

function unknown(change: string): PodError {
  return new PodError({
    code: 'usage',
    message: `cannot use --change ${JSON.stringify(change)}`,
    why: 'it is no instruction that changes an image without running anything',
    hint: `there are: ${Object.keys(INSTRUCTIONS).join(', ')}`,
  });
}
