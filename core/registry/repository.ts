/** One repository of one registry: where it is, whom requests come from, and what its answers mean. */

import { type Credentials, findCredentials } from '../config/credentials.ts';
import type { Endpoint } from '../config/endpoints.ts';
import type { Environment } from '../config/read-config.ts';
import { repositoryName } from '../reference.ts';
import { answerError } from './answer-error.ts';
import { baseOf, hostOf } from './base.ts';
import { RegistryError } from './error.ts';
import { sendFollowing } from './redirect.ts';
import { DEFAULT_RETRY, type RetryPolicy } from './retry.ts';
import { openSession, type Request } from './session.ts';
import type { Answer, Exchange, Transport } from './transport.ts';

export interface ClientOptions {
  readonly endpoint: Endpoint;
  readonly transport: Transport;
  readonly env: Environment;
  /** Used instead of what is found in files and helpers. */
  readonly credentials?: Credentials | undefined;
  readonly credentialHelpers?: readonly string[] | undefined;
  readonly retry?: RetryPolicy | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Repository {
  /** "localhost:5000", as a user knows it. */
  readonly registry: string;
  /** "team/app". */
  readonly path: string;
  readonly retry: RetryPolicy;
  readonly signal: AbortSignal | undefined;
  /** Milliseconds. */
  readonly idleTimeout: number;
  /** "blobs/uploads/" below the repository. */
  url(below: string): Promise<URL>;
  /** Where nobody is known by the registry's credentials (another origin), they aren't shown. */
  send(method: Exchange['method'], url: URL, request?: Request): Promise<Answer>;
  /** Gives the answer when its status is one of these, else throws what it means. */
  expect(answer: Answer, statuses: readonly number[], doing: string): Promise<Answer>;
  /** `doing`: "fetch the manifest 1.0 of". */
  failure(doing: string, why: string, transient?: boolean): RegistryError;
  /** The same, its tokens good for pulling from another repository of the registry, too. */
  alsoPulling(path: string): Repository;
}

export function openRepository(options: ClientOptions, actions: 'pull' | 'pull,push'): Repository {
  const { endpoint, transport } = options;
  let found: Promise<URL> | undefined;

  async function base(): Promise<URL> {
    found ??= baseOf(hostOf(endpoint.reference.domain), endpoint.insecure, transport);
    try {
      return await found;
    } catch (error) {
      found = undefined;
      throw error;
    }
  }

  return repositoryAt(base, options, actions);
}

function repositoryAt(
  base: () => Promise<URL>,
  options: ClientOptions,
  actions: 'pull' | 'pull,push',
  alsoPull?: string,
): Repository {
  const { endpoint, transport, env, signal } = options;
  const { insecure, reference } = endpoint;
  const { domain: registry, path } = reference;
  const session = openSession({
    ...{ transport, insecure, repository: path, actions, alsoPull },
    credentials: async () =>
      options.credentials ?? findCredentials(repositoryName(reference), env, options.credentialHelpers),
  });
  const repository: Repository = {
    registry,
    path,
    retry: options.retry ?? DEFAULT_RETRY,
    signal,
    idleTimeout: transport.idleTimeout,
    url: async (below) => new URL(`/v2/${path}/${below}`, await base()),
    async send(method, url, request = {}) {
      if (url.origin === (await base()).origin) return session.send(method, url, request);
      const headers = { 'user-agent': 'tsc-pod', ...request.headers };
      return sendFollowing(transport, { ...request, method, url, headers, insecure, registry: url.host });
    },
    async expect(answer, statuses, doing) {
      if (statuses.includes(answer.status)) return answer;
      const { idleTimeout } = transport;
      throw await answerError(answer, { doing, registry, repository: path, idleTimeout, actions });
    },
    failure(doing, why, transient = false) {
      const message = `cannot ${doing} ${registry}/${path}`;
      return new RegistryError({ code: 'invalid', message, why, registry, repository: path, transient });
    },
    alsoPulling: (other) => (session.usesTokens ? repositoryAt(base, options, actions, other) : repository),
  };
  return repository;
}
