/**
 * What TLS trusts: the system's authorities, and per registry the certs.d folders of containers-certs.d(5) with
 * extra authorities (*.crt) and client certificates (*.cert beside *.key).
 */

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, PodError } from '../error.ts';
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

/**
 * The certificates for talking to `host` ("localhost:5000") on behalf of a registry, which is the same host or one that
 * it sends us on to. `certDir` stands in for certs.d/REGISTRY (--cert-dir).
 */
export function certificatesFor(
  host: string,
  registry: string,
  env: Environment,
  certDir?: string,
): Certificates {
  const own =
    certDir === undefined ? readFolders(certificateFolders(registry, env)) : readGivenFolder(certDir);
  const other = host === registry ? own : readFolders(certificateFolders(host, env));
  const extra = host === registry ? own.authorities : [...own.authorities, ...other.authorities];
  const system = systemAuthorities(env);
  const authorities = system === undefined && extra.length === 0 ? undefined : [...(system ?? []), ...extra];
  return { authorities, client: other.client };
}

/** What the first folder that has anything has. */
function readFolders(folders: readonly string[]): { authorities: string[]; client: Certificates['client'] } {
  for (const directory of folders) {
    const authorities = dropIns(directory, '.crt').flatMap((path) => readAuthority(path) ?? []);
    const client = readClient(directory);
    if (authorities.length > 0 || client !== undefined) return { authorities, client };
  }
  return { authorities: [], client: undefined };
}

/** OpenSSL would take anything, and then trust nobody. */
function readAuthority(path: string): string | undefined {
  const pem = readIfPresent(path);
  if (pem !== undefined) readCertificate(path, pem);
  return pem;
}

function readCertificate(path: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw brokenConfig(path, 'it is no certificate in PEM', error);
  }
}

/** The pair NAME.cert and NAME.key. Throws where one of them is alone, or they don't belong together. */
function readClient(directory: string): Certificates['client'] {
  for (const keyPath of dropIns(directory, '.key')) {
    const path = `${keyPath.slice(0, -'.key'.length)}.cert`;
    if (readIfPresent(path) === undefined) throw brokenConfig(keyPath, `its certificate ${path} is missing`);
  }
  for (const path of dropIns(directory, '.cert')) {
    const keyPath = `${path.slice(0, -'.cert'.length)}.key`;
    const certificate = readIfPresent(path);
    const key = readIfPresent(keyPath);
    if (certificate === undefined) continue;
    if (key === undefined) throw brokenConfig(path, `its key ${keyPath} is missing`);
    if (!readCertificate(path, certificate).checkPrivateKey(readKey(keyPath, key)))
      throw brokenConfig(path, `it does not belong to the key ${keyPath}`);
    return { certificate, key };
  }
  return undefined;
}

function readKey(path: string, pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    const why = /ENCRYPTED/.test(pem) ? 'it is closed with a passphrase' : 'it is no private key in PEM';
    // Not the cause: it may quote the key.
    throw brokenConfig(path, why, errnoOf(error));
  }
}

/** A folder that was named must be there. Throws PodError `not-found`. */
function readGivenFolder(directory: string): ReturnType<typeof readFolders> {
  try {
    readdirSync(directory);
  } catch (cause) {
    const why = errnoOf(cause) === 'ENOENT' ? 'there is no such directory' : (errnoOf(cause) ?? '');
    throw new PodError({
      code: 'not-found',
      message: `cannot read certificates from ${directory}`,
      why,
      cause,
    });
  }
  return readFolders([directory]);
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
