/** What a person calls a registry when logging in. */

import { PodError } from '../error.ts';
import { parseImageReference, printable, repositoryName } from '../reference.ts';
import { normalisedKey } from './auth-file.ts';

/**
 * The name under which credentials are kept: a registry ("quay.io") or a repository or its parent ("quay.io/team");
 * docker's https://index.docker.io/v1/ is docker.io. Throws PodError `usage`.
 */
export function loginKey(text: string): string {
  const key = normalisedKey(text.trim());
  const slash = key.indexOf('/');
  const host = slash < 0 ? key : key.slice(0, slash);
  try {
    // Any repository shows whether the host is one. The name itself may be a parent, "docker.io/team".
    const reference = parseImageReference(slash < 0 ? `${key}/any` : key);
    const isHost = parseImageReference(`${host}/some/thing`).domain === host;
    if (isHost && reference.tag === undefined && reference.digest === undefined) {
      if (slash < 0 || key === repositoryName(reference) || host === 'docker.io') return key;
    }
  } catch {}
  throw new PodError({
    code: 'usage',
    message: `invalid registry ${JSON.stringify(printable(text))}`,
    why: 'it takes HOST[:PORT] or HOST[:PORT]/REPOSITORY',
  });
}
