/** Addresses of git repositories, as `docker build` and ADD take them: `https://host/repo.git#ref:directory`. */

import { PodError } from '../../error.ts';

export interface GitAddress {
  /** For git. It may hold credentials. */
  readonly url: string;
  /** A branch, a tag, a commit; undefined: what the repository says is the main one. */
  readonly ref: string | undefined;
  /** Below the top of the checkout. */
  readonly directory: string;
}

const SCP = /^[\w.-]+@[\w.-]+:[^:]/;

/** What an address means; undefined where it is no repository's. Throws PodError `usage` for a ref that is none. */
export function gitAddress(text: string): GitAddress | undefined {
  const hash = text.indexOf('#');
  const [place, fragment] = hash < 0 ? [text, ''] : [text.slice(0, hash), text.slice(hash + 1)];
  const url = /^github\.com\//.test(place) ? `https://${place}` : place;
  const isRepository =
    /^(?:git|ssh|git\+ssh|git\+https|git\+http):\/\//.test(url) ||
    SCP.test(url) ||
    (/^(?:https?|file):\/\//.test(url) && /\.git\/?$/.test(url)) ||
    url !== place;
  if (!isRepository) return undefined;
  const colon = fragment.indexOf(':');
  const ref = colon < 0 ? fragment : fragment.slice(0, colon);
  const directory = colon < 0 ? '' : fragment.slice(colon + 1);
  if (/^-|[\x00-\x20\x7f~^:?*[\\]|\.\./.test(ref))
    throw new PodError({
      code: 'usage',
      message: `cannot use the git reference ${JSON.stringify(ref)}`,
      why: 'that is no name of a branch, tag or commit',
    });
  return { url: url.replace(/^git\+(?=https?:)/, ''), ref: ref || undefined, directory };
}

/** Without what may be secret in it. */
export function describeRepository({ url }: GitAddress): string {
  return url.replace(/^(\w[\w+.-]*:\/\/)[^/]*@/, '$1');
}
