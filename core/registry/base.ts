/** Where a registry is. */

import { RegistryError } from './error.ts';
import type { Transport } from './transport.ts';

/** The host that serves a registry: Docker Hub's is the one that isn't named as the registry is. */
export function hostOf(registry: string): string {
  return registry === 'docker.io' ? 'registry-1.docker.io' : registry;
}

/** https, but for an insecure registry that turns out not to have it: there http. */
export async function baseOf(host: string, insecure: boolean, transport: Transport): Promise<URL> {
  let secure: URL;
  try {
    secure = new URL(`https://${host}`);
  } catch {
    const message = `cannot reach registry ${host}`;
    throw new RegistryError({ code: 'usage', message, why: 'that is no address', registry: host });
  }
  if (!insecure) return secure;
  try {
    const headers = { 'user-agent': 'tsc-pod' };
    const probe = {
      method: 'GET' as const,
      url: new URL('/v2/', secure),
      headers,
      insecure,
      registry: host,
    };
    (await transport.send(probe)).body.destroy();
    return secure;
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    return new URL(`http://${host}`);
  }
}
