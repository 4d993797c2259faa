/** Keys and certificates made by openssl: an authority and a server certificate for 127.0.0.1 and localhost. */

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface TestCertificates {
  /** PEM files. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** Makes them in `dir`. `names` is a subjectAltName list. */
export function makeCertificates(
  dir: string,
  names = 'DNS:localhost,DNS:registry.test,IP:127.0.0.1',
): TestCertificates {
  const path = (name: string): string => join(dir, name);
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...ec,
    '-keyout',
    path('ca.key'),
    '-out',
    path('ca.crt'),
    '-days',
    '2',
    '-subj',
    '/CN=test authority',
  );
  openssl('req', ...ec, '-keyout', path('server.key'), '-out', path('server.csr'), '-subj', '/CN=localhost');
  writeFileSync(path('server.ext'), `subjectAltName=${names}\n`);
  openssl(
    ...['x509', '-req', '-in', path('server.csr'), '-CA', path('ca.crt'), '-CAkey', path('ca.key')],
    ...['-CAcreateserial', '-out', path('server.crt'), '-days', '2', '-extfile', path('server.ext')],
  );
  return { ca: path('ca.crt'), cert: path('server.crt'), key: path('server.key') };
}

/** A client certificate of the authority that makeCertificates has made in `dir`. */
export function makeClientCertificate(dir: string): { cert: string; key: string } {
  const path = (name: string): string => join(dir, name);
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', ...ec, '-keyout', path('client.key'), '-out', path('client.csr'), '-subj', '/CN=client');
  openssl(
    ...['x509', '-req', '-in', path('client.csr'), '-CA', path('ca.crt'), '-CAkey', path('ca.key')],
    ...['-CAcreateserial', '-out', path('client.crt'), '-days', '2'],
  );
  return { cert: path('client.crt'), key: path('client.key') };
}

/** A key and a self-signed certificate for signing tokens. */
export function makeSigningKey(dir: string): { key: string; cert: string } {
  const key = join(dir, 'token.key');
  const cert = join(dir, 'token.crt');
  openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    key,
    '-out',
    cert,
    '-days',
    '2',
    '-subj',
    '/CN=issuer',
  );
  return { key, cert };
}
