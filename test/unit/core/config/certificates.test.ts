import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { certificatesFor } from '../../../../core/config/certificates.ts';
import { PodError } from '../../../../core/error.ts';

const home = mkdtempSync(join(tmpdir(), 'certificates-'));
const env = { HOME: home, SSL_CERT_FILE: '/nonexistent' };
const folder = join(home, '.config/containers/certs.d/r.io:5000');
const files: Record<string, string> = {};

test.before(() => {
  for (const name of ['a', 'b']) {
    const [key, cert] = [join(home, `${name}.key`), join(home, `${name}.crt`)];
    const args = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', `/CN=${name}`];
    execFileSync('openssl', ['req', '-x509', ...args, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    files[`${name}.key`] = readFileSync(key, 'utf8');
    files[`${name}.crt`] = readFileSync(cert, 'utf8');
  }
  const closed = ['ec', '-aes128', '-passout', 'pass:x', '-in', join(home, 'a.key')];
  files['closed.key'] = execFileSync('openssl', closed, { stdio: ['ignore', 'pipe', 'ignore'] }).toString();
});
test.after(() => rmSync(home, { recursive: true }));

/** Fills certs.d of r.io:5000: names to names of `files`, or to a text. */
function put(content: Record<string, string>): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, of] of Object.entries(content)) writeFileSync(join(folder, name), files[of] ?? of);
}

function refusal(certDir?: string): string {
  try {
    certificatesFor('r.io:5000', 'r.io:5000', env, certDir);
  } catch (error) {
    if (error instanceof PodError) return `${error.message}: ${error.why}`;
    throw error;
  }
  throw new Error('they were read');
}

test('authorities and one pair of certificate and key, by their names', () => {
  put({ 'ca.crt': 'a.crt', 'more.crt': 'b.crt', 'client.cert': 'a.crt', 'client.key': 'a.key', note: 'x' });
  const found = certificatesFor('r.io:5000', 'r.io:5000', env);
  assert.equal(found.authorities, [files['a.crt'], files['b.crt']]);
  assert.equal(found.client, { certificate: files['a.crt'], key: files['a.key'] });
});

test('where a registry sends us on to, its authorities count and its client certificate is not shown', () => {
  const found = certificatesFor('cdn.io', 'r.io:5000', env);
  assert.equal(found.authorities, [files['a.crt'], files['b.crt']]);
  assert.is(found.client, undefined);
});

test('pairs that are none are told', () => {
  const cases: [Record<string, string>, string][] = [
    [{ 'c.cert': 'a.crt' }, `${folder}/c.cert: its key ${folder}/c.key is missing`],
    [{ 'c.key': 'a.key' }, `${folder}/c.key: its certificate ${folder}/c.cert is missing`],
    [
      { 'c.cert': 'a.crt', 'c.key': 'b.key' },
      `${folder}/c.cert: it does not belong to the key ${folder}/c.key`,
    ],
    [{ 'c.cert': 'garbage', 'c.key': 'b.key' }, `${folder}/c.cert: it is no certificate in PEM`],
    [{ 'c.cert': 'a.crt', 'c.key': 'garbage' }, `${folder}/c.key: it is no private key in PEM`],
    [{ 'c.cert': 'a.crt', 'c.key': 'closed.key' }, `${folder}/c.key: it is closed with a passphrase`],
    [{ 'ca.crt': 'garbage' }, `${folder}/ca.crt: it is no certificate in PEM`],
  ];
  for (const [content, expected] of cases) {
    put(content);
    assert.is(refusal(), `cannot use ${expected}`);
  }
});

test('--cert-dir names a directory that is there', () => {
  put({});
  assert.is(
    refusal('/nonexistent'),
    'cannot read certificates from /nonexistent: there is no such directory',
  );
  assert.is(certificatesFor('r.io:5000', 'r.io:5000', env, folder).client, undefined);
});

test.run();
