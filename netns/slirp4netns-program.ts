/** The program slirp4netns on this system: where it is and what it can do. */

import { mkdirSync, readFileSync, realpathSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { PodError } from '../core/error.ts';
import { checkTun, locateProgram } from './program.ts';

export interface Slirp4netnsProgram {
  path: string;
  /** `1.2.0`. */
  version: string;
  /** It was built with libseccomp. */
  seccomp: boolean;
  /** Its sandbox shows it only /etc and /run, and that is where the host's resolv.conf is: WSL has it elsewhere. */
  sandbox: boolean;
}

export interface FindSlirp4netns {
  /** Value of PATH. */
  searchPath: string | undefined;
  /** Where to keep what `--version` said; valid while the program's size and time stay. */
  cacheFile: string;
}

const INSTALL = 'sudo apt-get install slirp4netns   # or: sudo dnf install slirp4netns';
const OLDEST = [0, 4, 0]; // the first with --enable-sandbox and --enable-seccomp

interface Cached {
  path: string;
  size: number;
  mtimeMs: number;
  version: string;
  seccomp: boolean;
}

function readCache(file: string): Partial<Cached> {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {}; // none yet, or damaged: it is made anew
  }
}

function writeCache(file: string, value: Cached): void {
  const aside = `${file}.${process.pid}`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(aside, JSON.stringify(value));
    renameSync(aside, file);
  } catch {
    // A cache that can't be kept (a full disk) costs a few milliseconds a run and nothing else.
  }
}

/** The facts in the text of `slirp4netns --version`; undefined where it isn't one. */
export function parseSlirp4netnsVersion(text: string): { version: string; seccomp: boolean } | undefined {
  const version = /^slirp4netns version (\d+\.\d+\.\d+)/m.exec(text)?.[1];
  return version ? { version, seccomp: /^libseccomp: \d/m.test(text) } : undefined;
}

/** `1.2.0` is at least [0, 4, 0]. */
export function versionAtLeast(version: string, least: readonly number[]): boolean {
  const numbers = version.split('.').map(Number);
  for (const [index, number] of least.entries()) {
    const own = numbers[index] ?? 0;
    if (own !== number) return own > number;
  }
  return true;
}

async function askVersion(path: string): Promise<{ version: string; seccomp: boolean }> {
  const { spawnSync } = await import('node:child_process');
  const said = spawnSync(path, ['--version'], {
    encoding: 'utf8',
    timeout: 5000,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const facts = parseSlirp4netnsVersion(said.stdout ?? '');
  if (facts) return facts;
  throw new PodError({
    code: 'missing',
    message: `cannot use ${path}`,
    why: said.error?.message ?? (said.stderr?.trim().split('\n')[0] || 'it does not tell its version'),
    hint: INSTALL,
    cause: said.error,
  });
}

/** The host's resolv.conf is in /etc or /run, where the sandbox has it too: slirp4netns(1), --enable-sandbox. */
function sandboxSeesResolver(resolvConf = '/etc/resolv.conf'): boolean {
  try {
    const real = realpathSync(resolvConf);
    return real.startsWith('/etc/') || real.startsWith('/run/');
  } catch {
    return true; // none: nothing to be seen
  }
}

/**
 * Finds slirp4netns; asks its version once for each copy of the program. Throws PodError `missing` where there is
 * none or one too old, or no /dev/net/tun.
 */
export async function findSlirp4netns(options: FindSlirp4netns): Promise<Slirp4netnsProgram> {
  const path = locateProgram('slirp4netns', options.searchPath);
  const instead = 'or do without: --network none or --network host';
  if (!path)
    throw new PodError({
      code: 'missing',
      message: 'cannot set up the network',
      why: 'slirp4netns is not installed',
      hint: `${INSTALL}; ${instead}`,
    });
  checkTun(instead);
  const { size, mtimeMs } = statSync(path);
  const cached = readCache(options.cacheFile);
  let { version, seccomp } = cached;
  const fresh = cached.path === path && cached.size === size && cached.mtimeMs === mtimeMs;
  if (!fresh || typeof version !== 'string' || typeof seccomp !== 'boolean') {
    ({ version, seccomp } = await askVersion(path));
    writeCache(options.cacheFile, { path, size, mtimeMs, version, seccomp });
  }
  if (!versionAtLeast(version, OLDEST))
    throw new PodError({
      code: 'missing',
      message: 'cannot set up the network',
      why: `slirp4netns ${version} is too old: 0.4.0 is the first that will do`,
      hint: INSTALL,
    });
  return { path, version, seccomp, sandbox: sandboxSeesResolver() };
}
