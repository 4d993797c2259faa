/** Whether the user's policy lets an image in (containers-policy.json(5)): asked before anything of it is stored. */

import { readFileSync, realpathSync } from 'node:fs';
import {
  type KeySource,
  loadPolicy,
  type Policy,
  pathScopes,
  type Requirement,
  registryScopes,
  requirementsFor,
} from '../../config/policy.ts';
import type { IdentityRule } from '../../config/policy-identity.ts';
import { errnoOf, PodError } from '../../error.ts';
import { type ImageReference, parseImageReference, printable, repositoryName } from '../../reference.ts';
import { digestOf } from '../format/digest.ts';
import type { PullOptions } from '../pull/pull-options.ts';
import type { RemoteImage } from '../pull/remote-image.ts';
import type { ImageSource } from '../pull/source.ts';
import { type Checked, checkWithGpg } from './gpg.ts';
import { judgeClaim } from './judge-claim.ts';
import type { ClaimType } from './payload.ts';
import { checkWithKeys } from './sigstore.ts';

type Choices = Pick<PullOptions, 'env' | 'signaturePolicy'>;

interface Image {
  /** The name that was asked for; undefined for what has none but a path. */
  readonly name: ImageReference | undefined;
  /** Of the manifest, and of the list that it was chosen from: signed may be either. */
  readonly digests: readonly string[];
}

/**
 * Throws PodError `denied` for an image that the policy keeps out, `invalid` for a policy that can't be read: that keeps
 * everything out. `wanted.name` is the logical name: a mirror changes nothing.
 */
export async function verifyImage(
  source: ImageSource,
  wanted: { readonly name: string | undefined; readonly what: string },
  image: Pick<RemoteImage, 'manifestBytes' | 'listDigest'>,
  { env, signaturePolicy }: Choices,
): Promise<void> {
  const policy = loadPolicy(env, signaturePolicy);
  if (policy === undefined) return;
  const isRegistry = source.transport === 'docker';
  // Without its name it would be in no scope, and slip by what is written for it.
  if (isRegistry && wanted.name === undefined) throw new TypeError(`${wanted.what} has no name`);
  const name = isRegistry ? parseImageReference(wanted.name!) : undefined;
  const { requirements, where } = rulesFor(policy, source, wanted.name, name);
  const list = image.listDigest === undefined ? [] : [image.listDigest];
  const about: Image = { name, digests: [digestOf(image.manifestBytes, 'sha256'), ...list] };
  for (const requirement of requirements) {
    const why = await refusal(requirement, source, about);
    if (why === undefined) continue;
    throw new PodError({
      code: 'denied',
      message: `cannot accept ${wanted.what}`,
      why: `${printable(where)} in ${policy.path}: ${why}`,
    });
  }
}

/** Whether nothing at all is asked of a registry's image: what is in the store already needs no second look. */
export function isAcceptedUnseen(canonicalName: string, { env, signaturePolicy }: Choices): boolean {
  const policy = loadPolicy(env, signaturePolicy);
  if (policy === undefined) return true;
  const scopes = registryScopes(canonicalName, repositoryName(parseImageReference(canonicalName)));
  const { requirements } = requirementsFor(policy, 'docker', scopes);
  return requirements.every(({ type }) => type === 'insecureAcceptAnything');
}

function rulesFor(
  policy: Policy,
  { transport, description }: ImageSource,
  canonicalName: string | undefined,
  name: ImageReference | undefined,
): ReturnType<typeof requirementsFor> {
  if (name !== undefined) {
    return requirementsFor(policy, transport, registryScopes(canonicalName!, repositoryName(name)));
  }
  if (!['dir', 'oci', 'oci-archive'].includes(transport)) return requirementsFor(policy, transport, []);
  const [, path = '', inner] = /^([^:]*)(?::(.*))?$/s.exec(description.slice(transport.length + 1)) ?? [];
  return requirementsFor(policy, transport, pathScopes(realPath(path), inner));
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Why the image doesn't meet a requirement; undefined when it does. */
async function refusal(
  requirement: Requirement,
  source: ImageSource,
  image: Image,
): Promise<string | undefined> {
  switch (requirement.type) {
    case 'insecureAcceptAnything':
      return undefined;
    case 'reject':
      return 'images from there are rejected';
    case 'unsupported':
      return requirement.why;
    case 'signedBy': {
      const keys = requirement.keys.map(readKey);
      const check = (signature: Uint8Array) => checkWithGpg(signature, keys);
      const found = async (digest: string) => (await source.signatures?.(digest))?.simple ?? [];
      return anySigned(image, requirement.identity, 'atomic container signature', found, check);
    }
    case 'sigstoreSigned': {
      const keys = requirement.keys.map(readKey);
      type Found = Parameters<typeof checkWithKeys>[0];
      const check = (signature: Found) => checkWithKeys(signature, keys);
      const found = async (digest: string) => (await source.signatures?.(digest))?.sigstore ?? [];
      return anySigned(image, requirement.identity, 'cosign container image signature', found, check);
    }
  }
}

/** One good signature is enough; of none, the reasons are told. */
async function anySigned<Signature>(
  image: Image,
  identity: IdentityRule,
  type: ClaimType,
  signaturesOf: (digest: string) => Promise<readonly Signature[]>,
  check: (signature: Signature) => Promise<Checked>,
): Promise<string | undefined> {
  const reasons = new Set<string>();
  for (const digest of image.digests) {
    for (const signature of await signaturesOf(digest)) {
      const checked = await check(signature);
      const why =
        'why' in checked ? checked.why : judgeClaim(checked.payload, type, digest, identity, image.name);
      if (why === undefined) return undefined;
      reasons.add(why);
    }
  }
  if (reasons.size === 0) return 'a signature is required, and there is none';
  return `a signature is required, and none is good: ${printable([...reasons].join('; '), 300)}`;
}

function readKey(source: KeySource): Uint8Array {
  if ('data' in source) return source.data;
  try {
    return readFileSync(source.path);
  } catch (cause) {
    const why = errnoOf(cause) === 'ENOENT' ? 'there is no such file' : (errnoOf(cause) ?? String(cause));
    throw new PodError({ code: 'denied', message: `cannot read the key ${source.path}`, why, cause });
  }
}
