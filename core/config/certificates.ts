/**
 * What TLS trusts: the system's authorities, and per registry the certs.d folders of containers-certs.d(5) with
 * extra authorities (*.crt) and client certificates (*.cert beside *.key).
 */

import { join } from 'node:path';
import { brokenConfig, configHome, dropIns, type Environment, readIfPresent } from './read-config.ts';

export interface Certificates {
  /** PEM texts to trust; undefined leaves Node's own list. */
  readonly authorities: readonly string[] | undefined;
  readonly client: { readonly certificate: string; readonly key: string } | undefined;
}

const SYSTEM_BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/** The certificates for a registry ("localhost:5000"). `certDir` stands in for certs.d/HOST (--cert-dir). */
export function certificatesFor(host: string, env: Environment, certDir?: string): Certificates {
  const system = systemAuthorities(env);
  const own: string[] = [];
  let client: Certificates['client'];
  for (const directory of certDir === undefined ? certificateFolders(host, env) : [certDir]) {
    for (const path of dropIns(directory, '.crt')) {
      const pem = readIfPresent(path);
      if (pem !== undefined) own.push(pem);
    }
    for (const path of dropIns(directory, '.cert')) {
      const keyPath = `${path.slice(0, -'.cert'.length)}.key`;
      const certificate = readIfPresent(path);
      const key = readIfPresent(keyPath);
      if (certificate === undefined) continue;
      if (key === undefined) throw brokenConfig(path, `its key ${keyPath} is missing`);
      client ??= { certificate, key };
    }
    if (own.length > 0 || client !== undefined) break;
  }
  const authorities = system === undefined && own.length === 0 ? undefined : [...(system ?? []), ...own];
  return { authorities, client };
}

function certificateFolders(host: string, env: Environment): string[] {
  const user = configHome(env);
  const folders = ['/etc/containers/certs.d', '/etc/docker/certs.d'];
  if (user !== undefined) folders.unshift(join(user, 'containers/certs.d'));
  return folders.map((folder) => join(folder, host));
}

/** The bundle that OpenSSL's variable names, else the distribution's; undefined where there is none. */
function systemAuthorities(env: Environment): string[] | undefined {
  if (env.SSL_CERT_FILE) {
    const pem = readIfPresent(env.SSL_CERT_FILE);
    return pem === undefined ? undefined : [pem];
  }
  for (const path of SYSTEM_BUNDLES) {
    const pem = readIfPresent(path);
    if (pem?.includes('BEGIN CERTIFICATE')) return [pem];
  }
  return undefined;
}
