import { existsSync } from 'node:fs';
import { ownAuthFile } from '../core/config/auth-file.ts';
import type { Environment } from '../core/config/read-config.ts';
import type { KeepOptions } from '../core/config/store-credentials.ts';
import { PodError } from '../core/error.ts';
import { withLock } from '../core/lock.ts';
import type { PodCommand } from './command.ts';
import { pathsOf } from './paths.ts';

/** The environment with --authfile, which stands for REGISTRY_AUTH_FILE and must be there. Throws PodError `not-found`. */
export function withAuthFile(env: Environment, authfile: string | undefined): Environment {
  if (authfile !== undefined && !existsSync(authfile))
    throw new PodError({
      code: 'not-found',
      message: `cannot read ${authfile}`,
      why: 'there is no such file',
    });
  return toAuthFile(env, authfile);
}

/** The same for what makes the file. */
export function toAuthFile(env: Environment, authfile: string | undefined): Environment {
  return authfile === undefined ? env : { ...env, REGISTRY_AUTH_FILE: authfile };
}

/** How `login` and `logout` change the user's credentials. */
export function keeping(
  command: PodCommand,
  env: Environment,
  helpers: readonly string[] | undefined,
  compatible = false,
): KeepOptions {
  const { locks } = pathsOf(command);
  return {
    file: ownAuthFile(env),
    env,
    helpers,
    exclusively: (work) => withLock(`${locks}/auth-file`, work),
    compatible,
  };
}
