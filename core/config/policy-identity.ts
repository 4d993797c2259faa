/** Whether what a signature calls an image is the image that was asked for (containers-policy.json(5), signedIdentity). */

import { canonicalName, type ImageReference, parseImageReference, repositoryName } from '../reference.ts';
import { type Place, stringAt, tableAt } from './policy-place.ts';
import type { Json } from './strict-json.ts';

export type IdentityRule =
  | { readonly type: 'matchExact' | 'matchRepoDigestOrExact' | 'matchRepository' }
  | { readonly type: 'exactReference'; readonly reference: ImageReference }
  | { readonly type: 'exactRepository'; readonly repository: string }
  | { readonly type: 'remapIdentity'; readonly prefix: string; readonly signedPrefix: string };

/** matchRepoDigestOrExact where nothing is said. */
export function readIdentityRule(value: Json | undefined, requirement: Place): IdentityRule {
  if (value === undefined) return { type: 'matchRepoDigestOrExact' };
  const place = { ...requirement, name: `${requirement.name}.signedIdentity` };
  const there = (name: string): Place => ({ ...place, name: `${place.name}.${name}` });
  const type = stringAt(tableAt(value, place).get('type'), there('type'));
  const member = (name: string): string => stringAt(tableAt(value, place).get(name), there(name));
  switch (type) {
    case 'matchExact':
    case 'matchRepoDigestOrExact':
    case 'matchRepository':
      tableAt(value, place, ['type']);
      return { type };
    case 'exactReference': {
      tableAt(value, place, ['type', 'dockerReference']);
      const reference = readReference(member('dockerReference'));
      if (reference === undefined || isBare(reference))
        throw place.fail(there('dockerReference').name, 'it is no name with a tag or a digest');
      return { type, reference };
    }
    case 'exactRepository': {
      tableAt(value, place, ['type', 'dockerRepository']);
      const reference = readReference(member('dockerRepository'));
      if (reference === undefined || !isBare(reference))
        throw place.fail(there('dockerRepository').name, 'it is no name of a repository');
      return { type, repository: repositoryName(reference) };
    }
    case 'remapIdentity': {
      tableAt(value, place, ['type', 'prefix', 'signedPrefix']);
      const [prefix, signedPrefix] = ['prefix', 'signedPrefix'].map((name) => {
        const text = member(name);
        if (!isPrefix(text)) throw place.fail(there(name).name, 'it is no host, and no name in one');
        return text;
      });
      return { type, prefix: prefix!, signedPrefix: signedPrefix! };
    }
    default:
      throw place.fail(there('type').name, `${JSON.stringify(type)} is not known`);
  }
}

function readReference(text: string): ImageReference | undefined {
  try {
    return parseImageReference(text);
  } catch {
    return undefined;
  }
}

function isBare({ tag, digest }: ImageReference): boolean {
  return tag === undefined && digest === undefined;
}

/** A host, a namespace or a repository, fully written: what stays itself with something behind it. */
function isPrefix(text: string): boolean {
  const reference = readReference(`${text}/some/thing`);
  return reference !== undefined && repositoryName(reference) === `${text}/some/thing`;
}

/**
 * Whether a signature's docker-reference means the image. `image` is the name that was asked for, undefined where the
 * image has none (of an archive, say): only the rules that name one themselves can be met then.
 */
export function identityMatches(
  rule: IdentityRule,
  image: ImageReference | undefined,
  signed: string,
): boolean {
  const claimed = readReference(signed);
  if (claimed === undefined) return false;
  switch (rule.type) {
    case 'exactReference':
      return isExactly(claimed, rule.reference);
    case 'exactRepository':
      return repositoryName(claimed) === rule.repository;
    case 'matchExact':
      return image !== undefined && isExactly(claimed, image);
    case 'matchRepository':
      return image !== undefined && repositoryName(claimed) === repositoryName(image);
    case 'matchRepoDigestOrExact':
      return image !== undefined && isExactlyOrOfDigest(claimed, image);
    case 'remapIdentity': {
      const renamed = image && remapped(image, rule);
      return renamed !== undefined && isExactlyOrOfDigest(claimed, renamed);
    }
  }
}

/** Both must say which image of the repository they mean. */
function isExactly(claimed: ImageReference, wanted: ImageReference): boolean {
  return !isBare(claimed) && canonicalName(claimed) === canonicalName(wanted);
}

function isExactlyOrOfDigest(claimed: ImageReference, wanted: ImageReference): boolean {
  if (wanted.digest === undefined) return isExactly(claimed, wanted);
  return repositoryName(claimed) === repositoryName(wanted);
}

function remapped(
  image: ImageReference,
  { prefix, signedPrefix }: { prefix: string; signedPrefix: string },
): ImageReference | undefined {
  const name = repositoryName(image);
  if (name !== prefix && !name.startsWith(`${prefix}/`)) return image;
  const renamed = readReference(signedPrefix + name.slice(prefix.length));
  return renamed && { ...renamed, tag: image.tag, digest: image.digest };
}
