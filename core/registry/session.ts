/** Requests to one repository as whoever the registry wants: challenges are answered, tokens kept and renewed. */

import type { Credentials } from '../config/credentials.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import { RegistryError } from './error.ts';
import { sendFollowing } from './redirect.ts';
import { type AccessToken, basicAuthorization, fetchToken } from './token.ts';
import type { Answer, Exchange, Transport } from './transport.ts';

export interface SessionOptions {
  readonly transport: Transport;
  readonly insecure: boolean;
  /** "library/alpine": what tokens are asked for. */
  readonly repository: string;
  readonly actions: 'pull' | 'pull,push';
  /** Another repository of the same registry that is to be pulled from. */
  readonly alsoPull?: string | undefined;
  /** Asked at the first challenge, once. */
  readonly credentials: () => Promise<Credentials | undefined>;
}

export type Request = Pick<Exchange, 'body' | 'patience' | 'signal'> & {
  readonly headers?: Readonly<Record<string, string>>;
};

export interface Session {
  /** The registry has asked for tokens, which are good for the repository alone. */
  readonly usesTokens: boolean;
  /** Sends, and once more with proof of who asks when the first answer is 401. The answer may still be 401. */
  send(method: Exchange['method'], url: URL, request?: Request): Promise<Answer>;
}

export function openSession(options: SessionOptions): Session {
  const { transport, insecure, repository, actions, alsoPull } = options;
  let credentials: Promise<Credentials | undefined> | undefined;
  let basic: string | undefined;
  let bearer: { challenge: Challenge; token: Promise<AccessToken> } | undefined;

  /** The header that is known to be wanted, its token renewed where it has run out. */
  async function authorization(url: URL): Promise<string | undefined> {
    if (bearer === undefined) return basic;
    const token = await bearer.token;
    if (token.expires > Date.now()) return `Bearer ${token.value}`;
    return renewed(url, bearer.challenge);
  }

  /** Requests that wait for a token at the same time wait for the same one. */
  async function renewed(url: URL, challenge: Challenge): Promise<string> {
    credentials ??= options.credentials();
    const token = credentials.then((known) =>
      fetchToken(transport, {
        ...{ challenge, registry: url, repository, actions, alsoPull },
        credentials: known,
        insecure,
      }),
    );
    const mine = { challenge, token };
    bearer = mine;
    try {
      return `Bearer ${(await token).value}`;
    } catch (error) {
      if (bearer === mine) bearer = undefined;
      throw error;
    }
  }

  /** The proof that answers a 401; undefined where there is none to give. */
  async function prove(answer: Answer, url: URL, sent: string | undefined): Promise<string | undefined> {
    const current = await authorization(url);
    if (current !== sent) return current; // another request has found out meanwhile
    const challenges = parseChallenges(answer.headers['www-authenticate']);
    const token = challenges.find(({ scheme }) => scheme === 'bearer');
    if (token !== undefined) return renewed(url, token);
    credentials ??= options.credentials();
    const known = await credentials;
    if (known?.kind !== 'password') return undefined;
    if (challenges.length > 0 && !challenges.some(({ scheme }) => scheme === 'basic')) {
      const why = `it wants ${challenges.map(({ scheme }) => scheme).join(' or ')}`;
      const message = `cannot authenticate to registry ${url.host}`;
      throw new RegistryError({ code: 'unsupported', message, why, registry: url.host, repository });
    }
    basic = basicAuthorization(known.user, known.password);
    return basic === sent ? undefined : basic;
  }

  async function send(method: Exchange['method'], url: URL, request: Request = {}): Promise<Answer> {
    const dispatch = (proof: string | undefined): Promise<Answer> =>
      sendFollowing(transport, {
        ...request,
        method,
        url,
        headers: { 'user-agent': 'tsc-pod', ...request.headers, ...(proof && { authorization: proof }) },
        insecure,
        registry: url.host,
      });
    const sent = await authorization(url);
    const answer = await dispatch(sent);
    // Another origin's 401 is no question to us: the credentials are not for it.
    if (answer.status !== 401 || answer.url.origin !== url.origin) return answer;
    const proof = await prove(answer, url, sent);
    if (proof === undefined) return answer;
    answer.body.destroy();
    return dispatch(proof);
  }

  return {
    get usesTokens() {
      return bearer !== undefined;
    },
    send,
  };
}
