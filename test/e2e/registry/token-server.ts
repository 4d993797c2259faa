/** A token server as registries expect one: JSON web tokens, signed by a key whose certificate the registry has. */

import { createSign, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  createServer as createPlain,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTls } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface TokenServerOptions {
  readonly issuer: string;
  readonly key: string;
  readonly cert: string;
  /** User names and passwords; they may pull and push. */
  readonly users: Readonly<Record<string, string>>;
  /** Repositories that anybody may pull; all where undefined. */
  readonly open?: RegExp;
  /** PEM files of the server itself; plain HTTP without. */
  readonly tls?: { cert: string; key: string };
  /** Seconds that a token is good for. */
  readonly lifetime?: number;
}

export interface TokenServer {
  readonly realm: string;
  /** The requests so far: path and query, and who asked. */
  readonly requests: { url: string; user: string | undefined }[];
  stop(): Promise<void>;
}

const base64url = (data: string | Buffer): string => Buffer.from(data).toString('base64url');

export async function startTokenServer(options: TokenServerOptions): Promise<TokenServer> {
  const requests: TokenServer['requests'] = [];
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    const url = new URL(request.url ?? '/', 'http://server');
    const proof = /^Basic (.*)$/.exec(request.headers.authorization ?? '')?.[1];
    const [, user, password] = /^([^:]*):(.*)$/.exec(Buffer.from(proof ?? '', 'base64').toString()) ?? [];
    requests.push({ url: request.url ?? '', user });
    const known = user !== undefined && options.users[user] === password;
    if (user !== undefined && !known) {
      response
        .writeHead(401)
        .end(JSON.stringify({ errors: [{ code: 'UNAUTHORIZED', message: 'wrong password' }] }));
      return;
    }
    const access = url.searchParams.getAll('scope').map((scope) => grant(scope, known, options.open));
    const token = sign(options, { aud: url.searchParams.get('service'), sub: user ?? '', access });
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ token, expires_in: options.lifetime ?? 300 }));
  };
  const server: Server = options.tls
    ? createTls({ cert: readFileSync(options.tls.cert), key: readFileSync(options.tls.key) }, handle)
    : createPlain(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    realm: `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}/token`,
    requests,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function grant(scope: string, known: boolean, open: RegExp | undefined): object {
  const [, type, name = '', actions = ''] = /^(\w+):(.*):([^:]*)$/.exec(scope) ?? [];
  const wanted = actions.split(',');
  const allowed = known ? wanted : wanted.filter((action) => action === 'pull' && (open?.test(name) ?? true));
  return { type, name, actions: allowed };
}

function sign({ issuer, key, cert, lifetime = 300 }: TokenServerOptions, claims: object): string {
  const now = Math.floor(Date.now() / 1000);
  const der = readFileSync(cert, 'utf8').replace(/-----[^-]+-----|\s/g, '');
  const header = base64url(JSON.stringify({ typ: 'JWT', alg: 'RS256', x5c: [der] }));
  const times = { iat: now, nbf: now - 10, exp: now + lifetime, jti: randomUUID() };
  const body = base64url(JSON.stringify({ iss: issuer, ...times, ...claims }));
  const signature = createSign('RSA-SHA256').update(`${header}.${body}`).sign(readFileSync(key));
  return `${header}.${body}.${base64url(signature)}`;
}
