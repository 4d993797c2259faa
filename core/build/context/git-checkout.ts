/**
 * Gets a repository's files by the git program. What is in a repository isn't trusted: no hooks, no file system monitor,
 * no configuration of the system or the user, no prompts, and only transports that reach what the address names. Neither
 * is an address that a Dockerfile or a repository tells: it reaches nothing by the user's keys, and nothing of this machine.
 */

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { errnoOf, PodError } from '../../error.ts';
import { randomBytes } from '../../random.ts';
import { idleTimeoutOf } from '../../registry/transport.ts';
import { describeRepository, type GitAddress } from './git-address.ts';

export interface CheckoutOptions {
  /** Where a new directory for it is made. */
  readonly directory: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  /** `.git` stays, without credentials. */
  readonly keepGitDir: boolean;
  /** Who says the address: the user, or a Dockerfile. */
  readonly saidBy: 'user' | 'dockerfile';
  /** The user lets what a Dockerfile says use ssh (--ssh). */
  readonly ssh?: boolean | undefined;
}

const TALK = 16 << 10;
const SETTINGS = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.autocrlf=false',
  'core.symlinks=true',
  'advice.detachedHead=false',
  'init.defaultBranch=main',
  'gc.auto=0',
  'safe.directory=*',
];

/**
 * The directory of the files that the address means, and what the commit is. Errors: PodError `missing`, `network`,
 * `not-found`, `denied`.
 */
export async function checkOut(
  address: GitAddress,
  options: CheckoutOptions,
): Promise<{ directory: string; commit: string }> {
  const protocols = protocolsFor(address, options);
  const top = join(options.directory, `git-${randomBytes(8).toString('hex')}`);
  mkdirSync(top, { mode: 0o755 });
  const git = gitIn(top, address, options, protocols.own);
  const submodules = gitIn(top, address, options, protocols.submodules);
  await git('init', '-q');
  configure(top, address.url);
  await git('checkout', '-q', '--force', await fetchRef(git, address));
  // Their files are checked out too, which says nothing of how far it is.
  await submodules.patient(10, 'submodule', 'update', '--progress', '--init', '--recursive', '--depth=1');
  const commit = (await git('rev-parse', 'HEAD')).trim();
  if (options.keepGitDir) forgetCredentials(top, address);
  else removeGitDirs(top);
  return { directory: inside(top, address), commit };
}

/** What git may speak (GIT_ALLOW_PROTOCOL): to whom the address names, and to those that the repository names. */
function protocolsFor(
  address: GitAddress,
  { saidBy, ssh = false }: CheckoutOptions,
): { own: string; submodules: string } {
  const { url } = address;
  const isLocal = url.startsWith('file:');
  const isSsh = !isLocal && !/^(?:https?|git):/.test(url);
  const refused = (why: string, hint: string): PodError =>
    new PodError({ code: 'denied', message: `cannot get ${describeRepository(address)}`, why, hint });
  if (saidBy === 'dockerfile' && isLocal)
    throw refused(
      'a Dockerfile reaches no repository of this machine',
      'tsc-pod build --build-context NAME=DIRECTORY …   # then COPY --from=NAME',
    );
  if (saidBy === 'dockerfile' && isSsh && !ssh)
    throw refused('it would use your ssh keys', 'tsc-pod build --ssh default …   # lets it');
  const open = 'https:http:git';
  const submodules = ssh || isSsh ? `${open}:ssh` : open;
  return { own: isLocal ? 'file' : submodules, submodules };
}

interface Git {
  (...words: string[]): Promise<string>;
  /** For what speaks with others: it fails where it says nothing for so many times the usual waiting time. */
  patient(times: number, ...words: string[]): Promise<string>;
}

/** The remote's address is in a file: on a command line everybody could read its credentials. */
function configure(top: string, url: string): void {
  const value = url.replace(/["\\]/g, '\\$&').replace(/\n/g, '');
  const fetch = '+refs/heads/*:refs/remotes/origin/*';
  writeFileSync(
    join(top, '.git/config'),
    `[core]\n\trepositoryformatversion = 0\n[remote "origin"]\n\turl = "${value}"\n\tfetch = ${fetch}\n`,
  );
}

/** git gives the credentials of a repository to its submodules, too, whose addresses are relative to it. */
function forgetCredentials(top: string, address: GitAddress): void {
  configure(top, describeRepository(address));
  for (const entry of readdirSync(join(top, '.git'), { withFileTypes: true, recursive: true })) {
    if (entry.name !== 'config' || !entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    writeFileSync(path, readFileSync(path, 'latin1').replace(/:\/\/[^/\s]*@/g, '://'), 'latin1');
  }
}

/** Gives what is to be checked out. */
async function fetchRef(git: Git, { ref }: GitAddress): Promise<string> {
  const fetch = (...words: string[]) => git.patient(2, 'fetch', '--progress', ...words);
  try {
    await fetch('--depth=1', '--no-tags', 'origin', ref ?? 'HEAD');
    return 'FETCH_HEAD';
  } catch (error) {
    // Not every server gives a commit that no branch ends in.
    if (ref === undefined || !/^[a-f0-9]{7,64}$/.test(ref)) throw error;
    await fetch('--tags', 'origin', '+refs/heads/*:refs/remotes/origin/*');
    return (await git('rev-parse', '--verify', `${ref}^{commit}`)).trim();
  }
}

function gitIn(
  top: string,
  address: GitAddress,
  { environment, signal }: CheckoutOptions,
  protocols: string,
): Git {
  const { PATH, SSH_AUTH_SOCK, HTTPS_PROXY, HTTP_PROXY, NO_PROXY } = environment;
  const { https_proxy, http_proxy, no_proxy, SSL_CERT_FILE, SSL_CERT_DIR } = environment;
  const kept = { PATH, SSH_AUTH_SOCK, HTTPS_PROXY, HTTP_PROXY, NO_PROXY };
  const env = {
    ...kept,
    ...{ https_proxy, http_proxy, no_proxy, SSL_CERT_FILE, SSL_CERT_DIR },
    LC_ALL: 'C',
    // Without it curl would look up the user's: .netrc has credentials for others, too.
    HOME: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '/bin/false',
    SSH_ASKPASS: '/bin/false',
    GIT_SSH_COMMAND: 'ssh -o BatchMode=yes -o ConnectTimeout=20',
    GIT_ALLOW_PROTOCOL: protocols,
  };
  const idle = idleTimeoutOf(environment);
  // Less than 1000 bytes a second for so long: it is broken.
  const speed = ['http.lowSpeedLimit=1000', `http.lowSpeedTime=${Math.ceil(idle / 1000)}`];
  const settings = [...SETTINGS, ...speed].flatMap((setting) => ['-c', setting]);
  const run = async (words: readonly string[], patience?: number): Promise<string> => {
    signal.throwIfAborted();
    // A group of its own: git's helpers and ssh end with it.
    const child = spawn('git', [...settings, ...words], {
      ...{ cwd: top, env, detached: true },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const end = (): void => endGroup(child.pid);
    signal.addEventListener('abort', end, { once: true });
    const isSilent = patience === undefined ? undefined : endSilent(child, patience * idle, end);
    try {
      const [output, talk] = [collect(child.stdout), collect(child.stderr)];
      const [status] = await once(child, 'close').catch((error) => {
        throw cannotStart(error);
      });
      signal.throwIfAborted();
      if (status === 0) return output();
      throw failure(
        address,
        isSilent?.() ? `fatal: it was silent for ${(patience! * idle) / 1000} s` : talk(),
      );
    } finally {
      signal.removeEventListener('abort', end);
    }
  };
  return Object.assign((...words: string[]) => run(words), {
    patient: (times: number, ...words: string[]) => run(words, times),
  });
}

function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // All of it has ended.
  }
}

/** Git tells each second how far it is, as long as something moves. Gives whether it was ended. */
function endSilent(
  child: ChildProcessByStdio<null, Readable, Readable>,
  milliseconds: number,
  end: () => void,
): () => boolean {
  let silent = false;
  const timer = setTimeout(() => {
    silent = true;
    end();
  }, milliseconds);
  for (const stream of [child.stdout, child.stderr]) stream.on('data', () => timer.refresh());
  child.once('close', () => clearTimeout(timer));
  return () => silent;
}

function collect(stream: NodeJS.ReadableStream): () => string {
  let text = '';
  stream.on('data', (chunk) => {
    text = (text + chunk).slice(-TALK); // what went wrong comes last
  });
  return () => text;
}

function cannotStart(error: unknown): PodError {
  const missing = errnoOf(error) === 'ENOENT';
  return new PodError({
    code: missing ? 'missing' : 'launch',
    message: 'cannot get a git repository',
    why: missing ? 'the program git is not installed' : `git can't be started: ${(error as Error).message}`,
    ...(missing && { hint: 'sudo apt install git' }),
    cause: error,
  });
}

function failure(address: GitAddress, talk: string): PodError {
  const lines = talk.split(/[\r\n]+/).filter((line) => /^(?:fatal|error): /.test(line));
  const { url, ref } = address;
  const why = (lines[0] ?? talk.trim().split('\n')[0] ?? '')
    .replace(/^(?:fatal|error): /, '')
    .replaceAll(url, describeRepository(address))
    .replace(/[\p{Cc}\p{Cf}]/gu, '?')
    .slice(0, 300);
  const isMissing =
    /couldn't find remote ref|not found|does not exist|does not appear to be|Needed a single revision/.test(
      why,
    );
  return new PodError({
    code: isMissing ? 'not-found' : 'network',
    message: `cannot get ${describeRepository(address)}${ref === undefined ? '' : `#${ref}`}`,
    why: why || 'git failed',
  });
}

/** `.git` of the repository and of those in it. */
function removeGitDirs(directory: string): void {
  rmSync(join(directory, '.git'), { recursive: true, force: true });
  for (const entry of readdirSync(directory, { withFileTypes: true, recursive: true })) {
    if (entry.name !== '.git' || !entry.isFile()) continue;
    rmSync(join(entry.parentPath, entry.name), { force: true });
  }
}

function inside(top: string, { directory }: GitAddress): string {
  if (directory === '') return top;
  const refused = (why: string) =>
    new PodError({ code: 'not-found', message: `cannot use ${directory} of the repository`, why });
  const found = (() => {
    try {
      return realpathSync(join(top, directory));
    } catch {
      throw refused('there is no such directory');
    }
  })();
  const root = realpathSync(top);
  if (found !== root && !found.startsWith(`${root}/`)) throw refused('it is outside of the repository');
  if (!lstatSync(found).isDirectory()) throw refused('it is not a directory');
  return found;
}
