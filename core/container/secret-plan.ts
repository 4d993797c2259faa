import type { OciMount } from '../../rootless/oci-spec.ts';
import type { Operation } from '../../rootless/plan.ts';
import { PodError } from '../error.ts';
import type { Paths } from '../paths.ts';
import { secretFile } from '../secret/store.ts';
import { SECRETS_DIRECTORY, type SecretUse } from './flags/secret-flag.ts';
import type { ContainerRecord } from './record.ts';

type Holder = Pick<ContainerRecord, 'secrets'>;

/** The plan names files of the store, never a secret: the launcher reads them at each start. */
function usesOf({ secrets = [] }: Holder, type: SecretUse['type']): SecretUse[] {
  return secrets.filter((secret) => secret.type === type);
}

/** What is done in the container's world when all else is mounted. */
export function secretFileOperations(paths: Paths, record: Holder): Operation[] {
  const files = usesOf(record, 'mount').map(({ name, target, uid, gid, mode }) => {
    const owner = [String(uid), String(gid), mode.toString(8)];
    return ['secret', name, secretFile(paths, name), target, ...owner];
  });
  return files.length > 0 ? [...files, ['secrets', SECRETS_DIRECTORY]] : [];
}

/** The variables of the container's process, and of what is executed in it. */
export function secretVariables(paths: Paths, record: Holder): Operation[] {
  return usesOf(record, 'env').map(({ name, target }) => [
    'secret-env',
    name,
    secretFile(paths, name),
    target,
  ]);
}

/** An environment without what secrets take the place of. */
export function withoutSecrets(env: readonly string[], secrets: readonly SecretUse[]): string[] {
  const taken = new Set(secrets.filter(({ type }) => type === 'env').map(({ target }) => target));
  return env.filter((variable) => !taken.has(variable.split('=', 1)[0]!));
}

/** Refuses mounts that the container's secrets would hide. */
export function refuseMountsOverSecrets(mounts: readonly OciMount[], secrets: readonly SecretUse[]): void {
  const files = secrets.filter(({ type }) => type === 'mount');
  const hidden = mounts.find(({ destination }) => `${destination}/`.startsWith(`${SECRETS_DIRECTORY}/`));
  if (files.length === 0 || !hidden) return;
  throw new PodError({
    code: 'conflict',
    message: `cannot mount anything on ${hidden.destination}`,
    why: 'the secrets of the container are there',
    hint: `give --secret ${files[0]!.name} another target: --secret ${files[0]!.name},target=/some/path`,
  });
}
