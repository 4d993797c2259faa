import { PodError } from '../error.ts';
import type { ContainerOptions } from './options.ts';
import type { LogSettings } from './record.ts';
import { parseSize } from './size.ts';

const DRIVERS = ['k8s-file', 'json-file', 'none', 'passthrough'] as const;
const DEFAULT_SIZE = 10 << 20;
const DEFAULT_FILES = 3;
const FILES_MAX = 1000; // each is renamed at each rotation

/**
 * Where the output goes. In the foreground, a container that is removed at its end (--rm) and has no terminal keeps
 * no log unless asked: its streams are the caller's own, at the kernel's speed.
 */
export function logSettings(
  options: Pick<ContainerOptions, 'logDriver' | 'logOpt' | 'rm' | 'detach' | 'tty'>,
): LogSettings {
  const asked = options.logDriver;
  if (asked !== undefined && !(DRIVERS as readonly string[]).includes(asked)) {
    throw new PodError({
      code: asked === 'journald' ? 'unsupported' : 'usage',
      message: `no log driver ${JSON.stringify(asked)}`,
      hint: `--log-driver takes ${DRIVERS.join(', ')}`,
    });
  }
  const quiet = options.rm && !options.detach && !options.tty;
  const driver = (asked as LogSettings['driver'] | undefined) ?? (quiet ? 'passthrough' : 'k8s-file');
  if (driver === 'passthrough' && options.tty)
    throw new PodError({ code: 'usage', message: '--log-driver passthrough and --tty exclude each other' });
  const settings: LogSettings = { driver, maxSize: DEFAULT_SIZE, maxFiles: DEFAULT_FILES };
  for (const word of options.logOpt) {
    const [key, value = ''] = word.split('=', 2);
    if (key === 'max-size') settings.maxSize = value === '-1' ? 0 : parseSize(value, '--log-opt max-size');
    else if (key === 'max-file' && /^[1-9]\d*$/.test(value) && Number(value) <= FILES_MAX)
      settings.maxFiles = Number(value);
    else
      throw new PodError({
        code: 'usage',
        message: `cannot use --log-opt ${word}`,
        hint: `--log-opt takes max-size=SIZE and max-file=NUMBER (1 to ${FILES_MAX})`,
      });
  }
  return settings;
}
