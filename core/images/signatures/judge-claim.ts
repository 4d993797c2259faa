/** Whether what was signed is about the image at hand. */

import { type IdentityRule, identityMatches } from '../../config/policy-identity.ts';
import { JsonError } from '../../config/strict-json.ts';
import { type ImageReference, printable } from '../../reference.ts';
import { type ClaimType, parseClaim, type SignedClaim } from './payload.ts';

/** Why a payload, whose signature is good, says nothing for this image; undefined when it does. */
export function judgeClaim(
  payload: Uint8Array,
  type: ClaimType,
  digest: string,
  identity: IdentityRule,
  name: ImageReference | undefined,
): string | undefined {
  let claim: SignedClaim;
  try {
    claim = parseClaim(payload, type);
  } catch (error) {
    if (error instanceof JsonError || error instanceof TypeError)
      return `what it signs can not be read (${error.message})`;
    throw error;
  }
  if (!identityMatches(identity, name, claim.reference)) return `it is for ${printable(claim.reference)}`;
  if (claim.digest !== digest) return 'it is for another digest';
  return undefined;
}
