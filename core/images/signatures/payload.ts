/** What a signature says (containers-signature(5), "JSON data format"), read strictly: what isn't known is refused. */

import { type Json, JsonError, parseStrictJson } from '../../config/strict-json.ts';

export interface SignedClaim {
  /** Digest of the manifest that was signed. */
  readonly digest: string;
  /** What the signer calls the image: "docker.io/library/busybox:latest". */
  readonly reference: string;
}

/** Simple signing's word for it, and cosign's. */
export type ClaimType = 'atomic container signature' | 'cosign container image signature';

/** Throws JsonError for what is not such a document. */
export function parseClaim(bytes: Uint8Array, type: ClaimType): SignedClaim {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  const top = membersOf(parseStrictJson(text), 'the payload', ['critical', 'optional']);
  // cosign writes null where there is nothing optional.
  const optional = top.get('optional');
  if (optional !== null || type.startsWith('atomic')) checkOptional(membersOf(optional, 'optional'));
  const critical = membersOf(top.get('critical'), 'critical', ['type', 'image', 'identity']);
  if (critical.get('type') !== type) throw new JsonError(`it is no ${type}`);
  const image = membersOf(critical.get('image'), 'critical.image', ['docker-manifest-digest']);
  const identity = membersOf(critical.get('identity'), 'critical.identity', ['docker-reference']);
  const digest = image.get('docker-manifest-digest');
  const reference = identity.get('docker-reference');
  if (typeof digest !== 'string' || typeof reference !== 'string')
    throw new JsonError('its digest or reference is no string');
  return { digest, reference };
}

/** What is known there must be what it is; all else is nobody's business. */
function checkOptional(optional: Map<string, Json>): void {
  const creator = optional.get('creator');
  const timestamp = optional.get('timestamp');
  if (creator !== undefined && typeof creator !== 'string') throw new JsonError('its creator is no string');
  if (timestamp !== undefined && !Number.isInteger(timestamp))
    throw new JsonError('its timestamp is no number');
}

/** An object; with exactly these names where they are given. */
function membersOf(value: Json | undefined, what: string, names?: readonly string[]): Map<string, Json> {
  if (!(value instanceof Map)) throw new JsonError(`${what} is no object`);
  if (names !== undefined && (value.size !== names.length || names.some((name) => !value.has(name))))
    throw new JsonError(`${what} has not exactly the members ${names.join(', ')}`);
  return value;
}
