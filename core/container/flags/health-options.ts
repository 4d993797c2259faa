/** Health checks as docker has them: what the flags and the image make of them. */

import { PodError } from '../../error.ts';
import type { ExecutionConfig, Healthcheck } from '../../images/format/types.ts';

export const HEALTH_ACTIONS = ['none', 'kill', 'restart', 'stop'] as const;
/** What the monitor does with a container that has become unhealthy. */
export type HealthAction = (typeof HEALTH_ACTIONS)[number];

/** The flags as typed; times in milliseconds. */
export interface HealthFlags {
  cmd?: string | undefined;
  /** -1: only `healthcheck run` checks. */
  interval?: number | undefined;
  timeout?: number | undefined;
  startPeriod?: number | undefined;
  startInterval?: number | undefined;
  retries?: number | undefined;
  onFailure: HealthAction;
  /** --no-healthcheck */
  none: boolean;
}

/** A check as it is made; times in milliseconds. */
export interface HealthSettings {
  args: string[];
  /** -1: only `healthcheck run` checks. */
  interval: number;
  timeout: number;
  startPeriod: number;
  /** Between checks of the start period. */
  startInterval: number;
  /** Failures in a row that make it unhealthy. */
  retries: number;
  onFailure: HealthAction;
}

/** Docker's defaults, dockerfile reference, HEALTHCHECK. */
const DEFAULTS = { interval: 30_000, timeout: 30_000, startPeriod: 0, startInterval: 5_000, retries: 3 };
const NANOSECONDS = 1e6; // of a millisecond
const DEFAULT_SHELL = ['/bin/sh', '-c'];

export interface ContainerHealth {
  /** As `inspect` shows it: what was asked over what the image has. */
  healthcheck?: Healthcheck;
  /** undefined: nothing is checked. */
  health?: HealthSettings;
}

/** Throws PodError `usage` for flags that exclude each other, or that say how to check where there is no check. */
export function healthOf(flags: HealthFlags, image: ExecutionConfig): ContainerHealth {
  const typed = typedHealthcheck(flags);
  const given = Object.keys(typed).length > 0 || flags.onFailure !== 'none';
  if (flags.none) {
    if (given)
      throw new PodError({ code: 'usage', message: '--no-healthcheck and --health-* exclude each other' });
    return { healthcheck: { Test: ['NONE'] } };
  }
  const healthcheck = { ...image.Healthcheck, ...typed };
  const args = argumentsOf(healthcheck.Test ?? [], image.Shell ?? DEFAULT_SHELL);
  if (args)
    return { healthcheck, health: { args, ...timesOf(healthcheck, flags), onFailure: flags.onFailure } };
  if (given && healthcheck.Test?.[0] !== 'NONE') {
    throw new PodError({
      code: 'usage',
      message: 'cannot check the health of this container',
      why: 'the image names no command for it',
      hint: '--health-cmd COMMAND   # what tells whether it is healthy',
    });
  }
  return healthcheck.Test ? { healthcheck } : {};
}

function typedHealthcheck({
  cmd,
  interval,
  timeout,
  startPeriod,
  startInterval,
  retries,
}: HealthFlags): Healthcheck {
  const nanoseconds = (name: string, time: number | undefined, least = 0) => {
    if (time === undefined) return undefined;
    if (time < least || (time > 0 && time < 1))
      throw new PodError({ code: 'usage', message: `--health-${name} takes 1 ms or more` });
    return Math.max(time, 0) * NANOSECONDS;
  };
  if (retries !== undefined && retries < 0)
    throw new PodError({ code: 'usage', message: '--health-retries cannot be negative' });
  const typed: Healthcheck = {
    ...(cmd !== undefined && { Test: testOf(cmd) }),
    Interval: nanoseconds('interval', interval, -1),
    Timeout: nanoseconds('timeout', timeout),
    StartPeriod: nanoseconds('start-period', startPeriod),
    StartInterval: nanoseconds('start-interval', startInterval),
    Retries: retries,
  } as Healthcheck;
  return Object.fromEntries(Object.entries(typed).filter(([, value]) => value !== undefined));
}

/** A line is for the shell, a JSON array is a command and its arguments, `none` is no check. */
function testOf(cmd: string): string[] {
  if (cmd === '' || cmd.toLowerCase() === 'none') return ['NONE'];
  const words = cmd.startsWith('[') ? listOf(cmd) : undefined;
  if (!words) return ['CMD-SHELL', cmd];
  return ['CMD', 'CMD-SHELL', 'NONE'].includes(words[0] ?? '') ? words : ['CMD', ...words];
}

/** `[ -f /ready ]` is a line for the shell. */
function listOf(text: string): string[] | undefined {
  try {
    const list = JSON.parse(text);
    return list.length > 0 && list.every((word: unknown) => typeof word === 'string') ? list : undefined;
  } catch {
    return undefined;
  }
}

function argumentsOf([kind, ...words]: string[], shell: string[]): string[] | undefined {
  if (words.length === 0 || (kind !== 'CMD' && kind !== 'CMD-SHELL')) return undefined;
  return kind === 'CMD' ? words : [...shell, ...words];
}

/** Zero, in docker's shape, stands for the default. */
function timesOf(check: Healthcheck, flags: HealthFlags): Omit<HealthSettings, 'args' | 'onFailure'> {
  const milliseconds = (value: number | undefined, otherwise: number) =>
    value ? Math.max(1, Math.min(Math.round(value / NANOSECONDS), 2 ** 31 - 1)) : otherwise;
  return {
    interval: flags.interval === -1 ? -1 : milliseconds(check.Interval, DEFAULTS.interval),
    timeout: milliseconds(check.Timeout, DEFAULTS.timeout),
    startPeriod: milliseconds(check.StartPeriod, DEFAULTS.startPeriod),
    startInterval: milliseconds(check.StartInterval, DEFAULTS.startInterval),
    retries: check.Retries || DEFAULTS.retries,
  };
}
