/** Files of private keys as ssh-keygen makes them: OpenSSH's own format (PROTOCOL.key of OpenSSH), or PEM. */

import { createPrivateKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { callReason, errnoOf, PodError } from '../../error.ts';
import { CURVES, type SshKey, sshKey } from './key.ts';
import { readWire, type WireReader } from './wire.ts';

const OPENSSH = /-----BEGIN OPENSSH PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END OPENSSH PRIVATE KEY-----/;
const MAGIC = Buffer.from('openssh-key-v1\0');

/**
 * Throws PodError `denied`, `invalid`, or `unsupported`: the key has a passphrase, or is of a kind that can't be used so.
 */
export function readKeyFile(path: string): SshKey {
  const message = `cannot use the key ${path}`;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new PodError({ code: 'denied', message, why: callReason(error), cause: error });
  }
  const unsupported = (why: string): PodError => {
    const hint = `eval $(ssh-agent) && ssh-add ${path}   # then --ssh without the file`;
    return new PodError({ code: 'unsupported', message, why, hint });
  };
  let key: KeyObject | 'locked' | undefined;
  try {
    const own = OPENSSH.exec(text)?.[1];
    key = own === undefined ? createPrivateKey(text) : openSshKey(Buffer.from(own, 'base64'));
  } catch (error) {
    if (errnoOf(error) !== 'ERR_MISSING_PASSPHRASE')
      throw new PodError({ code: 'invalid', message, why: 'it is no private key, or damaged' });
    key = 'locked';
  }
  if (key === 'locked') throw unsupported('it has a passphrase');
  const usable = key && sshKey(key, path);
  if (usable) return usable;
  throw unsupported('it is neither Ed25519 nor RSA nor ECDSA');
}

/** undefined: of another kind. */
function openSshKey(bytes: Buffer): KeyObject | 'locked' | undefined {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw new Error('another format');
  const file = readWire(bytes.subarray(MAGIC.length));
  const cipher = file.string().toString();
  file.string(); // how the passphrase becomes a key
  file.string();
  if (file.uint32() !== 1) throw new Error('not one key');
  file.string(); // the public key
  if (cipher !== 'none') return 'locked';
  const secret = readWire(file.string());
  const check = secret.uint32();
  if (check !== secret.uint32()) throw new Error('damaged');
  const jwk = jwkOf(secret);
  return jwk && createPrivateKey({ format: 'jwk', key: jwk });
}

const url = (bytes: Buffer): string => bytes.toString('base64url');

function jwkOf(secret: WireReader): JsonWebKey | undefined {
  const kind = secret.string().toString();
  if (kind === 'ssh-ed25519') {
    const x = url(secret.string());
    return { kty: 'OKP', crv: 'Ed25519', x, d: url(secret.string().subarray(0, 32)) };
  }
  if (kind === 'ssh-rsa') {
    const [n, e, d, qi, p, q] = Array.from({ length: 6 }, () => secret.string()) as Six;
    const [dp, dq] = [remainder(d, p), remainder(d, q)];
    return { kty: 'RSA', n: url(n), e: url(e), d: url(d), p: url(p), q: url(q), dp, dq, qi: url(qi) };
  }
  const curve = CURVES.find(({ name }) => kind === `ecdsa-sha2-${name}`);
  if (!curve) return undefined;
  secret.string(); // the curve's name
  const point = secret.string().subarray(1);
  const d = secret.string();
  const [x, y] = [point.subarray(0, curve.bytes), point.subarray(curve.bytes)];
  const whole = Buffer.concat([Buffer.alloc(curve.bytes), d]).subarray(-curve.bytes);
  return { kty: 'EC', crv: curve.crv, x: url(x), y: url(y), d: url(whole) };
}

type Six = [Buffer, Buffer, Buffer, Buffer, Buffer, Buffer];

/** d modulo prime - 1: RFC 8017, section 3.2. */
function remainder(d: Buffer, prime: Buffer): string {
  const number = (bytes: Buffer): bigint => BigInt(`0x${bytes.toString('hex')}`);
  const digits = (number(d) % (number(prime) - 1n)).toString(16);
  return url(Buffer.from(digits.padStart(prime.length * 2, '0'), 'hex'));
}
