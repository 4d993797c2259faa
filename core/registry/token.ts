/** Access tokens (distribution-spec, "Token Authentication"; OAuth2 where there is an identity token). */

import type { Credentials } from '../config/credentials.ts';
import { answerError } from './answer-error.ts';
import { readSmallBody } from './body.ts';
import type { Challenge } from './challenge.ts';
import { RegistryError } from './error.ts';
import { sendFollowing } from './redirect.ts';
import type { Exchange, Transport } from './transport.ts';

export interface AccessToken {
  readonly value: string;
  /** Milliseconds since the epoch. */
  readonly expires: number;
}

export interface TokenRequest {
  readonly challenge: Challenge;
  /** Where the challenge came from. */
  readonly registry: URL;
  /** "" for what is about the registry as a whole. */
  readonly repository: string;
  /** "pull" or "pull,push". */
  readonly actions: string;
  /** Another repository of the registry that is to be pulled from. */
  readonly alsoPull?: string | undefined;
  readonly credentials: Credentials | undefined;
  readonly insecure: boolean;
}

/** What the list of a registry's repositories is asked for with. */
const CATALOG = 'registry:catalog:*';
const ANSWER_LIMIT = 256 << 10;
const LEAST_LIFETIME_S = 60;
/** A token is renewed this much before it ends. */
const MARGIN_MS = 5_000;

/** Asks the realm of a Bearer challenge for a token, as the user where there are credentials, else anonymously. */
export async function fetchToken(transport: Transport, request: TokenRequest): Promise<AccessToken> {
  const started = Date.now();
  const exchange = tokenExchange(request);
  const answer = await sendFollowing(transport, exchange);
  if (answer.status !== 200) {
    const { host } = request.registry;
    const { repository, actions } = request;
    const { idleTimeout } = transport;
    throw await answerError(answer, {
      ...{ doing: 'get a token for', registry: host, repository, idleTimeout, actions },
    });
  }
  const bytes = await readSmallBody(answer, transport.idleTimeout, ANSWER_LIMIT, 'the token');
  const json = parseAnswer(bytes);
  const value = json?.token ?? json?.access_token;
  if (typeof value !== 'string' || value === '' || /[^\x21-\x7e]/.test(value)) {
    throw failure(request, 'invalid', 'the answer of the token server holds no token');
  }
  const seconds = typeof json?.expires_in === 'number' ? json.expires_in : LEAST_LIFETIME_S;
  return { value, expires: started + Math.max(seconds, LEAST_LIFETIME_S) * 1000 - MARGIN_MS };
}

function parseAnswer(bytes: Buffer): Record<string, unknown> | undefined {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

function tokenExchange(request: TokenRequest): Exchange {
  const { challenge, credentials, insecure } = request;
  const url = realmOf(request);
  const scopes = scopesOf(request);
  const { service } = challenge.parameters;
  const common = { insecure, registry: request.registry.host };
  if (credentials?.kind === 'identity') {
    const form = new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: 'tsc-pod',
      refresh_token: credentials.token,
      ...(scopes.length > 0 && { scope: scopes.join(' ') }),
    });
    if (service !== undefined) form.set('service', service);
    const headers = { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' };
    return { method: 'POST', url, headers, body: form.toString(), ...common };
  }
  if (service !== undefined) url.searchParams.set('service', service);
  url.searchParams.delete('scope');
  for (const scope of scopes) url.searchParams.append('scope', scope);
  const headers: Record<string, string> = { accept: 'application/json' };
  if (credentials !== undefined) {
    url.searchParams.set('account', credentials.user);
    headers.authorization = basicAuthorization(credentials.user, credentials.password);
  }
  return { method: 'GET', url, headers, ...common };
}

/** The realm is another server by design, but never one without TLS when the registry has it. */
function realmOf(request: TokenRequest): URL {
  let url: URL;
  try {
    url = new URL(request.challenge.parameters.realm ?? '');
  } catch {
    throw failure(request, 'invalid', 'its challenge names no token server');
  }
  const secure = url.protocol === 'https:';
  if (!secure && (url.protocol !== 'http:' || request.registry.protocol === 'https:')) {
    throw failure(request, 'denied', `its token server is not on https (${url.protocol}//${url.host})`);
  }
  url.username = '';
  url.password = '';
  return url;
}

/**
 * A registry behind a path may know the repository by another name: its word is taken, but never when it wants more
 * than what is to be done.
 */
function scopesOf({ challenge, repository, actions, alsoPull }: TokenRequest): string[] {
  if (repository === '') return challenge.parameters.scope === CATALOG ? [CATALOG] : [];
  const asked = /^repository:([^\s:]+(?::\d+[^\s:]*)?):([a-z,]+)$/.exec(challenge.parameters.scope ?? '');
  const modest = asked?.[2]?.split(',').every((action) => actions.split(',').includes(action));
  const own = `repository:${asked !== null && modest ? asked[1] : repository}:${actions}`;
  return alsoPull === undefined ? [own] : [own, `repository:${alsoPull}:pull`];
}

export function basicAuthorization(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`;
}

function failure(request: TokenRequest, code: 'invalid' | 'denied', why: string): RegistryError {
  const { registry, repository } = request;
  const message = `cannot get a token for ${[registry.host, repository].filter(Boolean).join('/')}`;
  return new RegistryError({ code, message, why, registry: registry.host, repository });
}
