/** A proxy in front of a registry that does to chosen requests what bad networks and bad registries do. */

import { readFileSync } from 'node:fs';
import {
  createServer as createPlain,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as plainRequest,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTls, request as tlsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface Forwarded {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** Answers a request in its own way; `forward` asks the registry. */
export type Fault = (
  response: ServerResponse,
  forward: (headers?: IncomingHttpHeaders) => Promise<Forwarded>,
  request: IncomingMessage,
) => void | Promise<void>;

export interface Rule {
  /** Matched against "GET /v2/…". */
  readonly when: RegExp;
  readonly fault: Fault;
  /** How often it strikes; for ever where undefined. */
  times?: number;
}

export interface FaultProxy {
  /** "127.0.0.1:41234" */
  readonly host: string;
  readonly url: string;
  /** The first that matches strikes. */
  rules: Rule[];
  /** "GET /v2/… RANGE" of every request since `forget`; with a Content-Range that. */
  readonly requests: string[];
  /** The headers beside them. */
  readonly headers: IncomingHttpHeaders[];
  /** Bytes of bodies that were passed on to the registry. */
  passedOn: number;
  /** No rules, no requests. */
  forget(): void;
  stop(): Promise<void>;
}

/**
 * In front of `target` ("https://127.0.0.1:5000"; its certificate isn't checked); none: every request needs a rule.
 * With `clientCa` (a PEM file), clients must show a certificate of that authority.
 */
export async function startFaultProxy(
  target: string | undefined,
  tls?: { cert: string; key: string; clientCa?: string },
): Promise<FaultProxy> {
  const requests: string[] = [];
  const headers: IncomingHttpHeaders[] = [];
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    const line = `${request.method} ${request.url}`;
    const range = request.headers.range ?? request.headers['content-range'];
    requests.push(range ? `${line} ${range}` : line);
    headers.push(request.headers);
    const rule = proxy.rules.find(({ when, times = 1 }) => times > 0 && when.test(line));
    if (rule?.times !== undefined) rule.times--;
    const forwarding = (changed?: IncomingHttpHeaders): Promise<Forwarded> => {
      request.on('data', (chunk: Buffer) => {
        proxy.passedOn += chunk.length;
      });
      return forward(target, request, changed);
    };
    const fault = rule?.fault ?? pass;
    Promise.resolve(fault(response, forwarding, request)).catch(() => response.destroy());
  };
  const server: Server = tls
    ? createTls(
        {
          cert: readFileSync(tls.cert),
          key: readFileSync(tls.key),
          ...(tls.clientCa && {
            ca: readFileSync(tls.clientCa),
            requestCert: true,
            rejectUnauthorized: true,
          }),
        },
        handle,
      )
    : createPlain(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const proxy: FaultProxy = {
    host,
    url: `${tls ? 'https' : 'http'}://${host}`,
    rules: [],
    requests,
    headers,
    passedOn: 0,
    forget() {
      proxy.rules = [];
      proxy.passedOn = 0;
      requests.length = headers.length = 0;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return proxy;
}

function forward(
  target: string | undefined,
  request: IncomingMessage,
  headers: IncomingHttpHeaders = request.headers,
): Promise<Forwarded> {
  if (target === undefined) return Promise.resolve({ status: 404, headers: {}, body: Buffer.alloc(0) });
  const url = new URL(request.url ?? '/', target);
  const send = url.protocol === 'https:' ? tlsRequest : plainRequest;
  return new Promise((resolve, reject) => {
    const options = {
      method: request.method,
      // The host stays as it was asked for: the registry says by it where an upload goes on.
      headers,
      rejectUnauthorized: false,
      agent: false,
    };
    const outgoing = send(url, options, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) }),
      );
      answer.on('error', reject);
    });
    request.pipe(outgoing.on('error', reject));
  });
}

export const pass: Fault = async (response, forward) => {
  const { status, headers, body } = await forward();
  response.writeHead(status, headers).end(body);
};

/** Answers itself. */
export function answer(status: number, headers: IncomingHttpHeaders = {}, body: string | Buffer = ''): Fault {
  return (response) => void response.writeHead(status, headers).end(body);
}

/** Sends so many bytes of the body, then cuts the connection. */
export function cutAfter(bytes: number): Fault {
  return async (response, forward) => {
    const { status, headers, body } = await forward();
    response.writeHead(status, headers);
    response.write(body.subarray(0, bytes), () => setTimeout(() => response.socket?.destroy(), 20));
  };
}

/** Sends so many bytes as if they were all. */
export function shortenTo(bytes: number): Fault {
  return async (response, forward) => {
    const { status, headers, body } = await forward();
    const part = body.subarray(0, bytes);
    response.writeHead(status, { ...headers, 'content-length': String(part.length) }).end(part);
  };
}

/** Changes one byte in the middle. */
export const corrupt: Fault = async (response, forward) => {
  const { status, headers, body } = await forward();
  const middle = body.length >> 1;
  body[middle] = (body[middle] ?? 0) ^ 1;
  response.writeHead(status, headers).end(body);
};

/** Sends a piece every `pause` milliseconds. */
export function drip(bytes: number, pause: number): Fault {
  return async (response, forward) => {
    const { status, headers, body } = await forward();
    response.writeHead(status, headers);
    for (let at = 0; at < body.length && !response.destroyed; at += bytes) {
      response.write(body.subarray(at, at + bytes));
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
    response.end();
  };
}

/** Sends so many bytes, then nothing more for ever; nothing at all where undefined. */
export function hangAfter(bytes?: number): Fault {
  return async (response, forward) => {
    if (bytes === undefined) return;
    const { status, headers, body } = await forward();
    response.writeHead(status, headers).write(body.subarray(0, bytes));
  };
}

/** Answers as a registry that doesn't know ranges. */
export const withoutRanges: Fault = async (response, forward, request) => {
  const { range: _, ...rest } = request.headers;
  const { status, headers, body } = await forward(rest);
  response.writeHead(status, headers).end(body);
};

/** Sends zeros as fast as they are taken, up to so many, and counts them in `sent`. */
export function flood(bytes: number, headers: IncomingHttpHeaders, sent: { bytes: number }): Fault {
  return (response) => {
    response.writeHead(200, headers);
    const piece = Buffer.alloc(64 << 10, 0x20);
    const more = (): void => {
      while (sent.bytes < bytes && !response.destroyed) {
        sent.bytes += piece.length;
        if (!response.write(piece)) return void response.once('drain', more);
      }
      response.end();
    };
    more();
  };
}

/** Serves these bytes, from where the request wants them; slowly, 30 kB at a time, with a `pause` in milliseconds. */
export function serve(data: Buffer, pause?: number): Fault {
  return async (response, _, request) => {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const range = { 'content-range': `bytes ${from}-${data.length - 1}/${data.length}` };
    const answered: Forwarded = {
      status: from ? 206 : 200,
      headers: from ? range : {},
      body: data.subarray(from),
    };
    if (pause !== undefined) return drip(30_000, pause)(response, async () => answered, request);
    response.writeHead(answered.status, answered.headers).end(answered.body);
  };
}

/** Takes so many bytes of the request's body, then cuts the connection. */
export function cutAfterTaking(bytes: number): Fault {
  return (_, __, request) => {
    let taken = 0;
    request.on('data', (chunk: Buffer) => {
      taken += chunk.length;
      if (taken >= bytes) request.socket.destroy();
    });
  };
}

/** Takes the request's body in sips, with a pause in milliseconds between them, then passes it on. */
export function sip(pause: number): Fault {
  return (response, forward, request) => {
    const whole = forward();
    request.on('data', () => {
      request.pause();
      setTimeout(() => request.resume(), pause);
    });
    return whole.then(({ status, headers, body }) => void response.writeHead(status, headers).end(body));
  };
}

/** Passes on, and says in its own way where to go on. */
export function relocate(location: (own: string) => string | undefined): Fault {
  return async (response, forward) => {
    const { status, headers, body } = await forward();
    const { location: own = '', ...rest } = headers;
    const changed = location(own);
    response.writeHead(status, changed === undefined ? rest : { ...rest, location: changed }).end(body);
  };
}

/** The error of the specification's list, as registries send it. */
export function refuse(status: number, code: string, message = ''): Fault {
  return answer(
    status,
    { 'content-type': 'application/json' },
    JSON.stringify({ errors: [{ code, message }] }),
  );
}
