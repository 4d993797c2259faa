/** Debian's docker-registry on a free port of 127.0.0.1: plain or TLS; open, with passwords, or with tokens. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, openSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { makeCertificates, makeSigningKey } from './certificates.ts';
import { freePort } from './free-port.ts';
import { startTokenServer, type TokenServer } from './token-server.ts';

export interface RegistryOptions {
  /** An empty folder for its files. */
  readonly dir: string;
  readonly tls?: boolean;
  readonly auth?: 'none' | 'htpasswd' | 'token';
  /** With tokens: the repositories that anybody may pull; all where undefined. */
  readonly open?: RegExp;
  /** With tokens: seconds that one is good for. */
  readonly tokenLifetime?: number;
}

export interface TestRegistry {
  /** "https://127.0.0.1:41234" */
  readonly url: string;
  /** "127.0.0.1:41234" */
  readonly host: string;
  /** PEM file of the authority; undefined without TLS. */
  readonly ca: string | undefined;
  /** PEM files of the server, for a proxy in front. */
  readonly server: { cert: string; key: string } | undefined;
  /** Where it keeps what it has; it knows nothing more when that is gone. */
  readonly data: string;
  readonly user: string;
  readonly password: string;
  readonly tokens: TokenServer | undefined;
  stop(): Promise<void>;
}

const USER = 'tester';
const PASSWORD = 'only:for tests';
const START_MS = 60_000;

export async function startRegistry(options: RegistryOptions): Promise<TestRegistry> {
  const { dir, tls = false, auth = 'none' } = options;
  mkdirSync(join(dir, 'data'), { recursive: true });
  const certificates = tls ? makeCertificates(dir) : undefined;
  const server = certificates && { cert: certificates.cert, key: certificates.key };
  const tokens = auth === 'token' ? await startTokens(options, server) : undefined;
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  const config = {
    version: 0.1,
    log: { level: 'warn', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(dir, 'data') }, delete: { enabled: true } },
    http: {
      addr: host,
      secret: 'test',
      ...(server && { tls: { certificate: server.cert, key: server.key } }),
    },
    ...(auth === 'htpasswd' && { auth: { htpasswd: { realm: 'test', path: passwordFile(dir) } } }),
    ...(tokens && {
      auth: {
        token: {
          realm: tokens.realm,
          service: 'test-registry',
          issuer: 'test-issuer',
          rootcertbundle: join(dir, 'token.crt'),
        },
      },
    }),
  };
  // JSON is YAML.
  writeFileSync(join(dir, 'config.yml'), JSON.stringify(config));
  const log = openSync(join(dir, 'log'), 'a');
  const child = spawn('docker-registry', ['serve', join(dir, 'config.yml')], { stdio: ['ignore', log, log] });
  // A test that crashes leaves none behind.
  const kill = (): boolean => child.kill('SIGKILL');
  process.once('exit', kill);
  try {
    await listening(child, port);
  } catch (error) {
    await tokens?.stop();
    throw error;
  }
  return {
    url: `${tls ? 'https' : 'http'}://${host}`,
    host,
    ca: certificates?.ca,
    server,
    data: join(dir, 'data/docker'),
    user: USER,
    password: PASSWORD,
    tokens,
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      process.removeListener('exit', kill);
      if (child.exitCode === null && child.signalCode === null && kill()) await ended;
      await tokens?.stop();
    },
  };
}

function startTokens(
  options: RegistryOptions,
  tls: { cert: string; key: string } | undefined,
): Promise<TokenServer> {
  return startTokenServer({
    ...makeSigningKey(options.dir),
    issuer: 'test-issuer',
    users: { [USER]: PASSWORD },
    ...(options.open && { open: options.open }),
    ...(options.tokenLifetime && { lifetime: options.tokenLifetime }),
    ...(tls && { tls }),
  });
}

function passwordFile(dir: string): string {
  const path = join(dir, 'htpasswd');
  writeFileSync(path, execFileSync('htpasswd', ['-Bbn', USER, PASSWORD]));
  return path;
}

async function listening(child: ChildProcess, port: number): Promise<void> {
  const deadline = Date.now() + START_MS;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`docker-registry ended with ${child.exitCode}: see its log`);
    const up = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).once('error', () => resolve(false));
      socket.unref().on('connect', () => socket.end());
    });
    if (up) return;
    if (Date.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error('docker-registry does not listen');
    }
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}
