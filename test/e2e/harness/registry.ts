import { type ChildProcess, execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'uvu';
import { eventually } from './eventually.ts';
import { addImage, type ImageSpec } from './images.ts';
import { command, start } from './pod.ts';
import { sandbox } from './sandbox.ts';
import { type TokenServer, tokenServer } from './token-server.ts';

export interface RegistryOptions {
  /** HTTPS with a certificate of its own for 127.0.0.1 and localhost, which is its own authority (`caFile`). */
  tls?: boolean;
  /** `basic` and `token` want `user` and `password`; `anonymous` token gives pulls to everyone. */
  auth?: 'none' | 'basic' | 'token' | 'anonymous-token';
}

export interface Registry {
  /** `127.0.0.1:PORT`, the host part of its image names. */
  address: string;
  url: string;
  user: string;
  password: string;
  /** The authority's certificate (PEM) where the registry speaks TLS. */
  caFile: string | undefined;
  /** Requests that its token server got. */
  tokenRequests: string[];
  /** Makes an image and puts it into the registry as NAME:TAG; gives the manifest's digest. */
  push(name: string, spec: ImageSpec): Promise<string>;
  /** One line a request: what the registry was asked, and its answers. */
  log(): string;
  stop(): Promise<void>;
}

const running = new Set<Registry>();
test.after(async () => {
  for (const registry of running) await registry.stop();
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

/** A key and a certificate in DIR: `key.pem`, `cert.pem`. */
function makeCertificate(dir: string): void {
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
      ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
      ...['-keyout', join(dir, 'key.pem'), '-out', join(dir, 'cert.pem')],
    ],
    { stdio: 'ignore' },
  );
}

/** bcrypt, which the registry demands; perl calls crypt(3). */
function passwordFile(user: string, password: string): string {
  const salt = '$2y$05$abcdefghijklmnopqrstuu';
  return `${user}:${execFileSync('perl', ['-e', 'print crypt($ARGV[0], $ARGV[1])', password, salt], { encoding: 'utf8' })}\n`;
}

/** What skopeo calls dir:, because it takes Docker's media types from no OCI layout. */
function asDirectory(layout: string, manifest: string): string {
  const dir = join(layout, 'blobs/sha256');
  copyFileSync(join(dir, manifest.slice(7)), join(dir, 'manifest.json'));
  writeFileSync(join(dir, 'version'), 'Directory Transport Version: 1.1\n');
  return dir;
}

/** Starts Debian's docker-registry on a free port of 127.0.0.1; it ends with the test file, or by `stop`. */
export async function startRegistry(options: RegistryOptions = {}): Promise<Registry> {
  const { tls = false, auth = 'none' } = options;
  const dir = mkdtempSync(join(sandbox.work, 'registry-'));
  const file = (name: string) => join(dir, name);
  const [user, password] = ['tester', 'correct horse'];
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  makeCertificate(dir);

  let tokens: TokenServer | undefined;
  const http: Record<string, unknown> = { addr: address, secret: 'none' };
  if (tls) http.tls = { certificate: file('cert.pem'), key: file('key.pem') };
  const config: Record<string, unknown> = {
    version: '0.1',
    log: { level: 'warn' },
    storage: { filesystem: { rootdirectory: file('data') }, delete: { enabled: true } },
    http,
  };
  if (auth === 'basic') {
    writeFileSync(file('htpasswd'), passwordFile(user, password));
    config.auth = { htpasswd: { realm: 'test', path: file('htpasswd') } };
  } else if (auth !== 'none') {
    const [key, certificate] = [
      readFileSync(file('key.pem'), 'utf8'),
      readFileSync(file('cert.pem'), 'utf8'),
    ];
    tokens = tokenServer({ key, certificate, tls, user, password, anonymous: auth === 'anonymous-token' });
    const { server } = tokens;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const realm = `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as { port: number }).port}/token`;
    config.auth = {
      token: { realm, service: 'test-registry', issuer: 'test-issuer', rootcertbundle: file('cert.pem') },
    };
  }
  // JSON is YAML.
  writeFileSync(file('config.yml'), JSON.stringify(config));

  let log = '';
  const child: ChildProcess = start(['docker-registry', 'serve', file('config.yml')], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout!.on('data', (text) => (log += text));
  child.stderr!.on('data', (text) => (log += text));
  await eventually(async () => {
    if (child.exitCode !== null) throw new Error(`docker-registry ended: ${log}`);
    return answers(port);
  });

  const registry: Registry = {
    address,
    url: `${tls ? 'https' : 'http'}://${address}`,
    user,
    password,
    caFile: tls ? file('cert.pem') : undefined,
    tokenRequests: tokens?.requests ?? [],
    log: () => log,
    async push(name, spec) {
      const layout = mkdtempSync(join(dir, 'layout-'));
      const digest = addImage(layout, 'image', spec);
      const source = spec.docker === true ? `dir:${asDirectory(layout, digest)}` : `oci:${layout}:image`;
      const credentials = auth === 'none' ? [] : ['--dest-creds', `${user}:${password}`];
      const ran = await command(
        [
          ...[
            'skopeo',
            '--insecure-policy',
            'copy',
            '--quiet',
            '--dest-tls-verify=false',
            '--preserve-digests',
          ],
          ...[...credentials, source, `docker://${address}/${name}`],
        ],
        { timeout: 60_000 },
      );
      if (ran.code !== 0) throw new Error(`skopeo copy to ${name} failed: ${ran.stderr}\n${log}`);
      return digest;
    },
    async stop() {
      running.delete(registry);
      tokens?.server.closeAllConnections();
      tokens?.server.close();
      if (child.exitCode !== null || child.signalCode !== null) return;
      await new Promise((resolve) => {
        child.on('exit', resolve);
        child.kill('SIGTERM');
      });
    },
  };
  running.add(registry);
  return registry;
}

/** Writes the sandbox user's registries.conf: docker.io is reached through this registry, as in `run --rm alpine`. */
export function mirrorDockerHub(registry: Registry): void {
  const dir = join(sandbox.home, '.config/containers');
  mkdirSync(dir, { recursive: true });
  const insecure = registry.caFile === undefined;
  writeFileSync(
    join(dir, 'registries.conf'),
    `unqualified-search-registries = ["docker.io"]

[[registry]]
prefix = "docker.io"
location = "docker.io"

[[registry.mirror]]
location = "${registry.address}"
insecure = ${insecure}
`,
  );
  if (registry.caFile !== undefined) trust(registry);
}

/** Trusts the registry's certificate where containers look for it: certs.d of the user's configuration. */
export function trust(registry: Registry): void {
  const dir = join(sandbox.home, '.config/containers/certs.d', registry.address);
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'ca.crt'), readFileSync(registry.caFile!));
}
