/**
 * One HTTP request, over TLS or not, through a proxy or not: connections are kept, waiting is bounded, and every
 * failure is a RegistryError. Redirects, authentication and retries are built on top.
 */

import type { Agent, ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { certificatesFor } from '../config/certificates.ts';
import type { Environment } from '../config/read-config.ts';
import { connectionError, timeoutError } from './connection-error.ts';
import { proxyFor } from './proxy.ts';
import { interrupted } from './retry.ts';
import { type FileBody, isFileBody, sendFile } from './send-file.ts';

export interface Exchange {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** A string may hold a secret: it goes to no other origin. */
  readonly body?: string | Buffer | FileBody | undefined;
  /** So many times the usual waiting time is fine until the answer begins: there is work to do at the other end. */
  readonly patience?: number | undefined;
  /** Don't verify the server's certificate. */
  readonly insecure: boolean;
  /**
   * "localhost:5000": the registry that this is done for. What certs.d has for it is trusted also where it sends us
   * on to (its token server, its storage); the client certificate is shown to nobody else.
   */
  readonly registry: string;
  /** Ends this exchange alone. */
  readonly signal?: AbortSignal | undefined;
}

export interface Answer {
  readonly url: URL;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Must be read to its end or destroyed. */
  readonly body: IncomingMessage;
}

export interface TransportOptions {
  readonly env: Environment;
  /** Used instead of certs.d (--cert-dir). */
  readonly certDir?: string | undefined;
  /** Ends every exchange that has no signal of its own. */
  readonly signal?: AbortSignal | undefined;
}

export interface Transport {
  /** Milliseconds without a sign from the other end after which a request fails. */
  readonly idleTimeout: number;
  send(exchange: Exchange): Promise<Answer>;
  /** Drops all connections. */
  close(): void;
}

const IDLE_SECONDS = 30;
const LONGEST_CONNECT_MS = 20_000;

/** Waiting time in milliseconds: TSC_POD_REGISTRY_TIMEOUT (seconds), 30 s unless set. */
export function idleTimeoutOf(env: Environment): number {
  const seconds = Number(env.TSC_POD_REGISTRY_TIMEOUT || IDLE_SECONDS);
  return 1000 * (seconds > 0 && seconds <= 86_400 ? seconds : IDLE_SECONDS);
}

export async function openTransport(options: TransportOptions): Promise<Transport> {
  const [http, https, tls] = await Promise.all([
    import('node:http'),
    import('node:https'),
    import('node:tls'),
  ]);
  const idleTimeout = idleTimeoutOf(options.env);
  const agents = new Map<string, Agent>();

  function agentFor({ url, insecure, registry }: Exchange): Agent {
    const key = `${url.origin} ${insecure} ${registry}`;
    const known = agents.get(key);
    if (known !== undefined) return known;
    const proxy = proxyFor(url, options.env);
    const agent = url.protocol === 'https:' ? tlsAgent(url, insecure, registry, proxy) : plainAgent(proxy);
    agents.set(key, agent);
    return agent;
  }

  function plainAgent(proxy: string | undefined): Agent {
    return new http.Agent({ keepAlive: true, ...(proxy && { proxyEnv: { HTTP_PROXY: proxy } }) });
  }

  function tlsAgent(url: URL, insecure: boolean, registry: string, proxy: string | undefined): Agent {
    const { authorities, client } = certificatesFor(url.host, registry, options.env, options.certDir);
    const secureContext = tls.createSecureContext({
      // Reading 150 authorities takes 15 ms: not for a certificate that nobody checks.
      ...(authorities && { ca: insecure ? [] : [...authorities] }),
      ...(client && { cert: client.certificate, key: client.key }),
    });
    return new https.Agent({
      keepAlive: true,
      // One context for all connections: the system's authorities are parsed once.
      ...({ secureContext } as object),
      rejectUnauthorized: !insecure,
      ...(proxy && { proxyEnv: { HTTPS_PROXY: proxy } }),
    });
  }

  function send(exchange: Exchange, again = false): Promise<Answer> {
    const { method, url, headers, body } = exchange;
    const signal = exchange.signal ?? options.signal;
    const library = url.protocol === 'https:' ? https : http;
    return new Promise((resolve, reject) => {
      const request: ClientRequest = library.request(url, {
        method,
        headers: body === undefined ? headers : { ...headers, 'content-length': String(lengthOf(body)) },
        agent: agentFor(exchange),
        ...(signal && { signal }),
      });
      const wait = boundWait(request, url, idleTimeout, exchange.patience);
      request.on('response', (response) => {
        wait.over();
        resolve({ url, status: response.statusCode ?? 0, headers: response.headers, body: response });
      });
      request.on('error', (error) => {
        wait.over();
        if (signal?.aborted) return reject(interrupted(signal.reason));
        const failure = connectionError(error, url);
        // A kept connection that the other end has just closed says nothing about the registry.
        const unheard = request.reusedSocket && failure.transient && !isFileBody(body);
        if (unheard && !again) return resolve(send(exchange, true));
        reject(failure);
      });
      if (isFileBody(body)) sendFile(request, body, wait);
      else request.end(body);
    });
  }

  return {
    idleTimeout,
    send,
    close() {
      for (const agent of agents.values()) agent.destroy();
      agents.clear();
    },
  };
}

function lengthOf(body: string | Buffer | FileBody): number {
  return isFileBody(body) ? body.size : Buffer.byteLength(body);
}

/** Destroys the request when connecting, sending or answering takes too long, until that is over. */
function boundWait(request: ClientRequest, url: URL, idleTimeout: number, patience = 1) {
  const bound = (doing: string, milliseconds: number): NodeJS.Timeout =>
    setTimeout(() => request.destroy(timeoutError(url, doing, milliseconds)), milliseconds);
  let timer = bound('connecting', Math.min(LONGEST_CONNECT_MS, idleTimeout));
  const connected = (): void => {
    clearTimeout(timer);
    timer = bound('answering', patience * idleTimeout);
  };
  request.on('socket', (socket) => {
    if (!socket.connecting) connected();
    else socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', connected);
  });
  return {
    /** The other end has taken a piece of the body. */
    taken(): void {
      clearTimeout(timer);
      timer = bound('receiving', idleTimeout);
    },
    /** It has taken all of it. */
    sent: connected,
    over(): void {
      clearTimeout(timer);
      request.socket?.removeListener('secureConnect', connected).removeListener('connect', connected);
    },
  };
}
