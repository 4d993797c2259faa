/** Whether a registry takes credentials: asked with GET /v2/ (distribution-spec, "Determining Support"). */

import type { Credentials } from '../config/credentials.ts';
import { wholeMessage } from '../error.ts';
import { answerError } from './answer-error.ts';
import { baseOf, hostOf } from './base.ts';
import { RegistryError } from './error.ts';
import { openSession } from './session.ts';
import type { Transport } from './transport.ts';

export interface LoginAttempt {
  /** "quay.io" or, for a part of it, "quay.io/team/app". */
  readonly key: string;
  readonly credentials: Credentials;
  readonly insecure: boolean;
  readonly transport: Transport;
}

/**
 * Throws a RegistryError: `denied` where the registry doesn't take the credentials (its exit code is docker's 1),
 * `network` where it can't be asked, `not-found` where it is no registry.
 */
export async function tryLogin({ key, credentials, insecure, transport }: LoginAttempt): Promise<void> {
  const slash = key.indexOf('/');
  const registry = slash < 0 ? key : key.slice(0, slash);
  // A token for a part of a registry is one for a repository.
  const repository = slash < 0 ? '' : key.slice(slash + 1);
  const session = openSession({
    transport,
    insecure,
    repository,
    actions: 'pull',
    credentials: async () => credentials,
  });
  const base = await baseOf(hostOf(registry), insecure, transport);
  try {
    const answer = await session.send('GET', new URL('/v2/', base));
    if (answer.status === 200) return void answer.body.destroy();
    const { idleTimeout } = transport;
    throw await answerError(answer, {
      doing: 'log in to',
      registry,
      repository,
      idleTimeout,
      actions: 'pull',
    });
  } catch (error) {
    throw error instanceof RegistryError ? told(error, key) : error;
  }
}

function told(error: RegistryError, key: string): RegistryError {
  const { code, status, registry, cause } = error;
  const message = `cannot log in to ${key}`;
  const reasons = { 401: 'the registry does not take this user name and password', 404: 'it is no registry' };
  const why = reasons[status as 401 | 404] ?? wholeMessage(error);
  const hint = status === undefined && error.hint !== undefined ? { hint: error.hint } : {};
  const exitCode = status === 401 || status === 403 ? 1 : error.exitCode;
  return new RegistryError({ code, message, why, ...hint, status, registry, exitCode, cause });
}
