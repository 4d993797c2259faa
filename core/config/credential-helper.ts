/**
 * Docker's credential helper protocol (docker-credential-helpers): `docker-credential-NAME get|store|erase`, what it
 * is about on stdin, JSON on stdout. No secret is ever in argv, and none of what a helper prints reaches a message.
 */

import { errnoOf, PodError } from '../error.ts';
import type { Credentials } from './credentials.ts';
import type { Environment } from './read-config.ts';

const TIME_LIMIT_MS = 30_000;
const OUTPUT_LIMIT = 1 << 20;
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;
/** How helpers say that an identity token is kept, which has no user. */
const TOKEN_USER = '<token>';
/** The message is part of the protocol: it means "none", not "failed". */
const NOT_FOUND = /credentials not found/i;

type Fail = (why: string, cause?: unknown) => PodError;

/** What a helper has for a server; undefined where it has nothing. Throws PodError when it can't be asked. */
export async function askCredentialHelper(
  helper: string,
  server: string,
  env: Environment,
): Promise<Credentials | undefined> {
  const program = `docker-credential-${helper}`;
  const fail = failure(`cannot ask ${program} for the credentials of ${server}`);
  const { status, stdout } = await run(helper, 'get', `${server}\n`, env, fail);
  if (status !== 0) {
    if (NOT_FOUND.test(stdout)) return undefined;
    throw fail(ended(status));
  }
  let answer: { Username?: unknown; Secret?: unknown };
  try {
    answer = JSON.parse(stdout);
  } catch {
    throw fail('its answer is not JSON');
  }
  const { Username: user, Secret: secret } = answer ?? {};
  if (typeof user !== 'string' || typeof secret !== 'string')
    throw fail('its answer has no Username and Secret');
  if (user === '' && secret === '') return undefined;
  return user === TOKEN_USER
    ? { kind: 'identity', token: secret }
    : { kind: 'password', user, password: secret };
}

/** Gives a helper a server's credentials to keep. Throws PodError when it doesn't take them. */
export async function storeWithHelper(
  helper: string,
  server: string,
  credentials: Credentials,
  env: Environment,
): Promise<void> {
  const fail = failure(`cannot give docker-credential-${helper} the credentials of ${server}`);
  const [Username, Secret] =
    credentials.kind === 'identity'
      ? [TOKEN_USER, credentials.token]
      : [credentials.user, credentials.password];
  const input = JSON.stringify({ ServerURL: server, Username, Secret });
  const { status } = await run(helper, 'store', input, env, fail);
  if (status !== 0) throw fail(ended(status));
}

/** Makes a helper forget a server; false where it knew nothing of it. Throws PodError when it can't be asked. */
export async function eraseWithHelper(helper: string, server: string, env: Environment): Promise<boolean> {
  const fail = failure(`cannot make docker-credential-${helper} forget ${server}`);
  const { status, stdout } = await run(helper, 'erase', `${server}\n`, env, fail);
  if (status === 0) return true;
  if (NOT_FOUND.test(stdout)) return false;
  throw fail(ended(status));
}

function failure(message: string): Fail {
  return (why, cause) => new PodError({ code: 'denied', message, why, cause });
}

function ended(status: number | null): string {
  return status === null ? 'it was ended, or took too long' : `it ended with status ${status}`;
}

async function run(
  helper: string,
  verb: 'get' | 'store' | 'erase',
  input: string,
  env: Environment,
  fail: Fail,
): Promise<{ status: number | null; stdout: string }> {
  if (!NAME.test(helper)) throw fail('that is no name of a helper');
  const { spawn } = await import('node:child_process');
  const child = spawn(`docker-credential-${helper}`, [verb], {
    env: env as NodeJS.ProcessEnv,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  return new Promise((resolve, reject) => {
    let stdout = '';
    // Not spawn's own time limit: that keeps the process waiting where the program can't be started.
    const timer = setTimeout(() => child.kill('SIGKILL'), TIME_LIMIT_MS);
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(fail(startFailure(error), error));
    });
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk;
      if (stdout.length > OUTPUT_LIMIT) child.kill('SIGKILL');
    });
    child.stdin.on('error', () => {}); // it may end without reading
    child.stdin.end(input);
    child.on('close', (status) => {
      clearTimeout(timer);
      resolve({ status, stdout });
    });
  });
}

/** A folder of PATH that this user may not search makes an absent program EACCES. */
function startFailure(error: Error): string {
  const absent = ['ENOENT', 'EACCES'].includes(errnoOf(error) ?? '');
  return absent ? 'it is not installed, or may not be executed' : error.message;
}
