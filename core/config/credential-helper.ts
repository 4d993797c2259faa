/** Docker's credential helper protocol: `docker-credential-NAME get`, the server on stdin, JSON on stdout. */

import { errnoOf, PodError } from '../error.ts';
import type { Credentials } from './credentials.ts';
import type { Environment } from './read-config.ts';

const TIME_LIMIT_MS = 30_000;
const OUTPUT_LIMIT = 1 << 20;
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;

/** What a helper has for a server; undefined where it has nothing. Throws PodError when it can't be asked. */
export async function askCredentialHelper(
  helper: string,
  server: string,
  env: Environment,
): Promise<Credentials | undefined> {
  const program = `docker-credential-${helper}`;
  const fail = (why: string, cause?: unknown): PodError =>
    new PodError({
      code: 'denied',
      message: `cannot ask ${program} for the credentials of ${server}`,
      why,
      cause,
    });
  if (!NAME.test(helper)) throw fail('that is no name of a helper');

  const { status, stdout } = await run(program, server, env, fail);
  if (status !== 0) {
    // The message is part of the protocol: it means "none", not "failed".
    if (/credentials not found/i.test(stdout)) return undefined;
    throw fail(`it ended with status ${status}`);
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
  return user === '<token>'
    ? { kind: 'identity', token: secret }
    : { kind: 'password', user, password: secret };
}

async function run(
  program: string,
  input: string,
  env: Environment,
  fail: (why: string, cause?: unknown) => PodError,
): Promise<{ status: number | null; stdout: string }> {
  const { spawn } = await import('node:child_process');
  const child = spawn(program, ['get'], {
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
    child.stdin.end(`${input}\n`);
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
