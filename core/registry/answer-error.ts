/** What a registry's refusal means (distribution-spec, "Error Codes"). */

import type { ErrorCode } from '../error.ts';
import { printable } from '../reference.ts';
import { readSmallBody } from './body.ts';
import { RegistryError } from './error.ts';
import { parseRetryAfter } from './retry.ts';
import type { Answer } from './transport.ts';

const PASSING = new Set([408, 429, 500, 502, 503, 504]);
const EXPLANATION_LIMIT = 64 << 10;

export interface Refused {
  /** "fetch the manifest 3.20 of". */
  readonly doing: string;
  readonly registry: string;
  readonly repository: string;
  /** Milliseconds. */
  readonly idleTimeout: number;
  /** "pull" or "pull,push". */
  readonly actions: string;
}

/** The error for an answer that isn't what was hoped for. */
export async function answerError(answer: Answer, refused: Refused): Promise<RegistryError> {
  const { doing, registry, repository, idleTimeout, actions } = refused;
  const { text, codes } = await explain(answer, idleTimeout);
  const { status } = answer;
  return new RegistryError({
    code: codeOf(status, codes),
    message: `cannot ${doing} ${[registry, repository].filter(Boolean).join('/')}`,
    why: `${status} ${wordsFor(status)}${text === '' ? '' : ` (${text})`}`,
    ...hintFor(status, registry, actions.includes('push')),
    status,
    codes,
    registry,
    repository,
    transient: PASSING.has(status),
    retryAfter: parseRetryAfter(answer.headers['retry-after']),
  });
}

function codeOf(status: number, codes: readonly string[]): ErrorCode {
  if (status === 401 || status === 403) return 'denied';
  if (status === 507) return 'no-space'; // RFC 4918, 11.5
  if (codes.some((code) => /_INVALID$/.test(code))) return 'invalid';
  return status === 404 ? 'not-found' : 'network';
}

const WORDS: Record<number, string> = {
  400: 'it refuses the request',
  401: 'access denied, or there is no such repository',
  403: 'access denied, or there is no such repository',
  404: 'not found',
  405: 'it does not take this',
  413: 'that is more than it takes at once',
  429: 'too many requests',
  507: 'it has no space left',
};

function wordsFor(status: number): string {
  return WORDS[status] ?? (status >= 500 ? 'the registry fails' : 'unexpected answer');
}

function hintFor(status: number, registry: string, pushing: boolean): { hint?: string } {
  if (status === 401 || status === 403) {
    if (!pushing) return { hint: `if it is private: tsc-pod login ${registry}` };
    return { hint: `log in as somebody who may push there: tsc-pod login ${registry}` };
  }
  if (status === 429) return { hint: `wait, or raise the limit: tsc-pod login ${registry}` };
  return {};
}

/** What the JSON says that registries send along: its messages, and its codes. */
async function explain(answer: Answer, idleTimeout: number): Promise<{ text: string; codes: string[] }> {
  try {
    const bytes = await readSmallBody(answer, Math.min(idleTimeout, 5000), EXPLANATION_LIMIT, 'an answer');
    const json = JSON.parse(bytes.toString('utf8')) as { errors?: unknown };
    if (!Array.isArray(json.errors)) return { text: '', codes: [] };
    const texts = json.errors.map((one) => String(one?.message || one?.code || ''));
    return {
      text: printable(texts.filter((text) => text !== '').join('; '), 200),
      codes: json.errors.map((one) => printable(String(one?.code ?? ''), 64)),
    };
  } catch {
    return { text: '', codes: [] };
  }
}
