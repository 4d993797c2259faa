/** What a registry's refusal means (distribution-spec, "Error Codes"). */

import type { ErrorCode } from '../error.ts';
import { printable } from '../reference.ts';
import { readSmallBody } from './body.ts';
import { RegistryError } from './error.ts';
import { parseRetryAfter } from './retry.ts';
import type { Answer } from './transport.ts';

const PASSING = new Set([408, 429, 500, 502, 503, 504]);
const EXPLANATION_LIMIT = 64 << 10;

/** The error for an answer that isn't what `doing` ("fetch the manifest 3.20 of") `repository` hoped for. */
export async function answerError(
  answer: Answer,
  doing: string,
  registry: string,
  repository: string,
  idleTimeout: number,
): Promise<RegistryError> {
  const explanation = await explain(answer, idleTimeout);
  const { status } = answer;
  return new RegistryError({
    code: codeOf(status),
    message: `cannot ${doing} ${[registry, repository].filter(Boolean).join('/')}`,
    why: `${status} ${wordsFor(status)}${explanation === '' ? '' : ` (${explanation})`}`,
    ...hintFor(status, registry),
    status,
    registry,
    repository,
    transient: PASSING.has(status),
    retryAfter: parseRetryAfter(answer.headers['retry-after']),
  });
}

function codeOf(status: number): ErrorCode {
  if (status === 401 || status === 403) return 'denied';
  return status === 404 ? 'not-found' : 'network';
}

function wordsFor(status: number): string {
  if (status === 401 || status === 403) return 'access denied, or there is no such repository';
  if (status === 404) return 'not found';
  if (status === 429) return 'too many requests';
  return status >= 500 ? 'the registry fails' : 'unexpected answer';
}

function hintFor(status: number, registry: string): { hint?: string } {
  if (status === 401 || status === 403) return { hint: `if it is private: tsc-pod login ${registry}` };
  if (status === 429) return { hint: `wait, or raise the limit: tsc-pod login ${registry}` };
  return {};
}

/** The messages of the JSON that registries send along, or nothing. */
async function explain(answer: Answer, idleTimeout: number): Promise<string> {
  try {
    const bytes = await readSmallBody(answer, Math.min(idleTimeout, 5000), EXPLANATION_LIMIT, 'an answer');
    const json = JSON.parse(bytes.toString('utf8')) as { errors?: unknown };
    if (!Array.isArray(json.errors)) return '';
    const texts = json.errors.map((one) => String(one?.message ?? one?.code ?? ''));
    return printable(texts.filter((text) => text !== '').join('; '), 200);
  } catch {
    return '';
  }
}
