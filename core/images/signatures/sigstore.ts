/** Signatures by public key as cosign makes them: over the payload's bytes, in base64 beside it. */

import { PodError } from '../../error.ts';
import type { ImageSignatures } from '../../registry/signatures.ts';
import type { Checked } from './gpg.ts';

/** Checks a signature with any of these public keys (PEM). ECDSA and RSA with SHA-256, Ed25519. */
export async function checkWithKeys(
  { payload, signature }: ImageSignatures['sigstore'][number],
  keys: readonly Uint8Array[],
): Promise<Checked> {
  const { createPublicKey, verify } = await import('node:crypto');
  const bytes = Buffer.from(signature, 'base64');
  for (const pem of keys) {
    let key: ReturnType<typeof createPublicKey>;
    try {
      key = createPublicKey(Buffer.from(pem));
    } catch (cause) {
      throw new PodError({
        code: 'invalid',
        message: 'cannot use a key of the policy',
        why: 'it is no public key in PEM',
        cause,
      });
    }
    const algorithm = key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
    try {
      if (verify(algorithm, payload, key, bytes)) return { payload };
    } catch {
      // A signature that doesn't fit the kind of key is one of another key.
    }
  }
  return { why: 'it was made with another key, or is broken' };
}
