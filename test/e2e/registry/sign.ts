/** Real signatures for the tests: OpenPGP keys and messages made by gpg, and cosign's kind by node:crypto. */

import { execFileSync } from 'node:child_process';
import { createHash, type KeyObject, sign } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Signer {
  /** Environment with the GNUPGHOME that has the keys. */
  readonly env: Record<string, string>;
  /** Makes a key pair; gives the path of the exported public key. `age`: "never", or "seconds=1". */
  makeKey(name: string, options?: { armor?: boolean; expires?: string }): string;
  /** A signed message (not a detached signature) by a key. */
  sign(name: string, payload: string | Buffer, ...more: string[]): Buffer;
  /** Ends gpg's agent. */
  stop(): void;
}

export function makeSigner(dir: string): Signer {
  mkdirSync(dir, { mode: 0o700, recursive: true });
  const env = { ...(process.env as Record<string, string>), GNUPGHOME: dir };
  const gpg = (args: string[], input: string | Buffer = ''): Buffer =>
    execFileSync('gpg', ['--batch', '--quiet', '--yes', '--pinentry-mode', 'loopback', ...args], {
      env,
      input,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  return {
    env,
    makeKey(name, { armor = false, expires = 'never' } = {}) {
      gpg(['--passphrase', '', '--quick-gen-key', `${name}@test`, 'ed25519', 'sign', expires]);
      const path = join(dir, `${name}.pub`);
      writeFileSync(path, gpg([...(armor ? ['--armor'] : []), '--export', `${name}@test`]));
      return path;
    },
    sign: (name, payload, ...more) => gpg(['--local-user', `${name}@test`, ...more, '--sign'], payload),
    stop: () => void execFileSync('gpgconf', ['--kill', 'all'], { env }),
  };
}

/** What simple signing signs. */
export function simpleClaim(digest: string, reference: string, more: object = {}): string {
  return JSON.stringify({
    critical: {
      type: 'atomic container signature',
      image: { 'docker-manifest-digest': digest },
      identity: { 'docker-reference': reference },
      ...more,
    },
    optional: { creator: 'test', timestamp: 1_700_000_000 },
  });
}

/** Puts a cosign signature beside an image of a registry without TLS: the tag sha256-….sig of its repository. */
export async function pushCosign(
  url: string,
  repository: string,
  digest: string,
  claim: { reference: string; digest?: string; key: KeyObject },
): Promise<void> {
  const payload = Buffer.from(
    JSON.stringify({
      critical: {
        identity: { 'docker-reference': claim.reference },
        image: { 'docker-manifest-digest': claim.digest ?? digest },
        type: 'cosign container image signature',
      },
      optional: null,
    }),
  );
  const signature = sign('sha256', payload, claim.key).toString('base64');
  const config = Buffer.from('{"architecture":"","os":"","rootfs":{"type":"layers","diff_ids":[]}}');
  const blob = async (bytes: Buffer): Promise<{ digest: string; size: number }> => {
    const name = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    const begun = await fetch(`${url}/v2/${repository}/blobs/uploads/`, { method: 'POST' });
    const place = new URL(begun.headers.get('location')!, url);
    place.searchParams.set('digest', name);
    const put = await fetch(place, { method: 'PUT', body: new Uint8Array(bytes) });
    if (put.status !== 201) throw new Error(`the registry answers ${put.status}`);
    return { digest: name, size: bytes.length };
  };
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = {
    schemaVersion: 2,
    mediaType,
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...(await blob(config)) },
    layers: [
      {
        mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json',
        ...(await blob(payload)),
        annotations: { 'dev.cosignproject.cosign/signature': signature },
      },
    ],
  };
  const put = await fetch(`${url}/v2/${repository}/manifests/${digest.replace(':', '-')}.sig`, {
    method: 'PUT',
    headers: { 'content-type': mediaType },
    body: JSON.stringify(manifest),
  });
  if (put.status !== 201) throw new Error(`the registry answers ${put.status}`);
}
