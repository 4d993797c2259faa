/** Repositories over HTTP, by git's own program for web servers. */

import { spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface GitServer {
  /** "http://127.0.0.1:41234" */
  readonly address: string;
  /** "GET /sub/.git/info/refs user:password", in the order they came; without credentials "-". */
  readonly requests: string[];
  stop(): void;
}

/** Serves the repositories below a directory; to nobody else than `only` ("user:password") where that is given. */
export async function serveGit(directory: string, only?: string): Promise<GitServer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const [, basic = ''] = /^Basic (.*)$/.exec(request.headers.authorization ?? '') ?? [];
    const who = Buffer.from(basic, 'base64').toString();
    requests.push(`${request.method} ${request.url!.split('?')[0]} ${who || '-'}`);
    if (only === undefined || who === only) answer(directory, request, response);
    else response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { address: `http://127.0.0.1:${port}`, requests, stop: () => void server.close() };
}

/** git-http-backend(1), which speaks CGI. */
function answer(directory: string, request: IncomingMessage, response: ServerResponse): void {
  const [path, query = ''] = request.url!.split('?');
  const text = (name: string): string => String(request.headers[name] ?? '');
  const child = spawn('git', ['-c', 'safe.directory=*', 'http-backend'], {
    env: {
      ...{ PATH: process.env.PATH!, GIT_PROJECT_ROOT: directory, GIT_HTTP_EXPORT_ALL: '1' },
      ...{ PATH_INFO: path!, QUERY_STRING: query, REQUEST_METHOD: request.method! },
      ...{ CONTENT_TYPE: text('content-type'), HTTP_CONTENT_ENCODING: text('content-encoding') },
      HTTP_GIT_PROTOCOL: text('git-protocol'),
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  request.pipe(child.stdin).on('error', () => {});
  const pieces: Buffer[] = [];
  child.stdout.on('data', (piece: Buffer) => pieces.push(piece));
  child.on('close', () => {
    const all = Buffer.concat(pieces);
    const end = all.indexOf('\r\n\r\n');
    const headers = all.toString('latin1', 0, end).split('\r\n');
    const fields = Object.fromEntries(headers.map((line) => line.split(': ') as [string, string]));
    response.writeHead(Number.parseInt(fields.Status ?? '200', 10), fields).end(all.subarray(end + 4));
  });
}
