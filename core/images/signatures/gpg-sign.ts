/** Signing with gpg(1) and the user's own keyring, whose agent asks for the passphrase. */

import { errnoOf, PodError } from '../../error.ts';
import { printable } from '../../reference.ts';
import type { SignedClaim } from './payload.ts';

const LARGEST = 1 << 20;

/** The document of containers-signature(5) for a claim. */
export function claimText({ digest, reference }: SignedClaim, creator: string, seconds: number): string {
  return JSON.stringify({
    critical: {
      identity: { 'docker-reference': reference },
      image: { 'docker-manifest-digest': digest },
      type: 'atomic container signature',
    },
    optional: { creator, timestamp: seconds },
  });
}

/** A signed message by the key of an identity ("me@example.com", a fingerprint). Throws PodError `denied`, `missing`. */
export async function signWithGpg(
  identity: string,
  payload: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Buffer> {
  const { spawn } = await import('node:child_process');
  const args = ['--batch', '--quiet', '--no-armor', '--local-user', identity, '--output', '-', '--sign'];
  const child = spawn('gpg', args, { env: env as NodeJS.ProcessEnv, stdio: ['pipe', 'pipe', 'pipe'] });
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (said.length < LARGEST) said += text;
    });
    child.stdin.on('error', () => {}); // it may end without reading
    child.stdin.end(payload);
    const fail = (code: 'denied' | 'missing', why: string, cause?: unknown) =>
      reject(new PodError({ code, message: `cannot sign as ${printable(identity)}`, why, cause }));
    child.on('error', (error) => {
      const absent = ['ENOENT', 'EACCES'].includes(errnoOf(error) ?? '');
      fail('missing', absent ? 'gpg is not installed' : error.message, error);
    });
    child.on('close', (status) => {
      if (status === 0) return resolve(Buffer.concat(chunks));
      const last = said.trim().split('\n').at(-1) ?? '';
      fail('denied', printable(last.replace(/^gpg: /, ''), 200) || `gpg ended with status ${status}`);
    });
  });
}
