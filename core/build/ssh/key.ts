/** Private keys that an agent can sign with: RFC 8709 (Ed25519), RFC 8332 (RSA), RFC 5656 (ECDSA). */

import { createPublicKey, type JsonWebKey, type KeyObject, sign } from 'node:crypto';
import { mpint, string } from './wire.ts';

export interface SshKey {
  /** The public key, as the protocol names it by. */
  readonly blob: Buffer;
  readonly comment: string;
  /** The signature with its algorithm's name; undefined where only SHA-1 would do. `flags`: of the request. */
  sign(data: Buffer, flags: number): Buffer | undefined;
}

/** By JWK's names. */
export const CURVES = [
  { crv: 'P-256', name: 'nistp256', hash: 'sha256', bytes: 32 },
  { crv: 'P-384', name: 'nistp384', hash: 'sha384', bytes: 48 },
  { crv: 'P-521', name: 'nistp521', hash: 'sha512', bytes: 66 },
] as const;

/** draft-miller-ssh-agent, "Signature flags": the newest hash that is asked for. */
const RSA_HASHES = [
  { flag: 4, hash: 'sha512', name: 'rsa-sha2-512' },
  { flag: 2, hash: 'sha256', name: 'rsa-sha2-256' },
] as const;

const bytesOf = (text: string | undefined): Buffer => Buffer.from(text ?? '', 'base64url');
const joined = (...parts: Buffer[]): Buffer => Buffer.concat(parts);

/** undefined for a kind that SSH has no use for. */
export function sshKey(key: KeyObject, comment: string): SshKey | undefined {
  const jwk = createPublicKey(key).export({ format: 'jwk' });
  if (jwk.kty === 'RSA') return rsaKey(key, jwk, comment);
  if (jwk.crv === 'Ed25519') {
    const name = string('ssh-ed25519');
    const blob = joined(name, string(bytesOf(jwk.x)));
    return { blob, comment, sign: (data) => joined(name, string(sign(null, data, key))) };
  }
  const curve = CURVES.find(({ crv }) => crv === jwk.crv);
  if (!curve) return undefined;
  const name = string(`ecdsa-sha2-${curve.name}`);
  const point = joined(Buffer.of(4), bytesOf(jwk.x), bytesOf(jwk.y));
  return {
    blob: joined(name, string(curve.name), string(point)),
    comment,
    sign(data) {
      const both = sign(curve.hash, data, { key, dsaEncoding: 'ieee-p1363' });
      const [r, s] = [both.subarray(0, curve.bytes), both.subarray(curve.bytes)];
      return joined(name, string(joined(mpint(r), mpint(s))));
    },
  };
}

function rsaKey(key: KeyObject, { n, e }: JsonWebKey, comment: string): SshKey {
  return {
    blob: joined(string('ssh-rsa'), mpint(bytesOf(e)), mpint(bytesOf(n))),
    comment,
    sign(data, flags) {
      const chosen = RSA_HASHES.find(({ flag }) => (flags & flag) !== 0);
      return chosen && joined(string(chosen.name), string(sign(chosen.hash, data, key)));
    },
  };
}
