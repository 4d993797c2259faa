/**
 * Looking for images in a registry: by its search (the first version of the protocol, which Docker Hub and some others
 * still have), else in the list of its repositories (distribution's _catalog).
 */

import { findCredentials } from '../config/credentials.ts';
import type { Environment } from '../config/read-config.ts';
import { PodError } from '../error.ts';
import { isFields, parseJson } from '../images/format/json.ts';
import { answerError } from './answer-error.ts';
import { baseOf, hostOf } from './base.ts';
import { readSmallBody } from './body.ts';
import { listNames } from './pages.ts';
import { openSession, type Session } from './session.ts';
import type { Answer, Transport } from './transport.ts';

export interface FoundRepository {
  /** "docker.io" */
  readonly registry: string;
  /** "library/alpine" */
  readonly path: string;
  readonly description: string;
  readonly stars: number;
  readonly official: boolean;
  readonly automated: boolean;
}

export interface SearchedRegistry {
  /** "quay.io" */
  readonly registry: string;
  readonly insecure: boolean;
  readonly transport: Transport;
  readonly env: Environment;
  readonly credentialHelpers?: readonly string[] | undefined;
}

const RESULT_LIMIT = 4 << 20;
const PAGE = 1000;

/**
 * Up to `limit` repositories whose name (or description, where the registry searches) has the term; all for "". Throws
 * PodError `unsupported` for a registry that offers neither way, `denied` and `network` as a pull does.
 */
export async function searchRegistry(
  term: string,
  limit: number,
  where: SearchedRegistry,
): Promise<FoundRepository[]> {
  const found = term === '' ? undefined : await bySearch(term, limit, where);
  return found ?? byCatalog(term, limit, where);
}

function sessionOf(where: SearchedRegistry, repository: string): Session {
  const { transport, insecure, env, registry, credentialHelpers } = where;
  return openSession({
    ...{ transport, insecure, repository, actions: 'pull' },
    credentials: () =>
      findCredentials(repository ? `${registry}/${repository}` : registry, env, credentialHelpers),
  });
}

/** Undefined where the registry has no search. */
async function bySearch(
  term: string,
  limit: number,
  where: SearchedRegistry,
): Promise<FoundRepository[] | undefined> {
  const { registry, insecure, transport } = where;
  const isHub = registry === 'docker.io';
  // The Hub's own index is where its search is, and it knows its official images by their short names.
  const host = isHub ? 'index.docker.io' : registry;
  const url = new URL('/v1/search', await baseOf(host, insecure, transport));
  url.searchParams.set('q', isHub ? term.replace(/^library\//, '') : term);
  url.searchParams.set('n', String(limit));
  const answer = await sessionOf(where, '').send('GET', url, { headers: { accept: 'application/json' } });
  if (answer.status !== 200) {
    if (isHub) throw await refused(answer, where);
    answer.body.destroy();
    return undefined;
  }
  const bytes = await readSmallBody(answer, transport.idleTimeout, RESULT_LIMIT, 'the results');
  const results = resultsOf(bytes);
  return results?.slice(0, limit).map((one) => ({
    registry,
    path: isHub && !String(one.name).includes('/') ? `library/${one.name}` : String(one.name),
    description: typeof one.description === 'string' ? one.description : '',
    stars: typeof one.star_count === 'number' ? one.star_count : 0,
    official: one.is_official === true,
    automated: one.is_automated === true,
  }));
}

/** Undefined for what is no answer of a search: some servers give a page of theirs for every path. */
function resultsOf(bytes: Buffer): Record<string, unknown>[] | undefined {
  try {
    const { results } = parseJson(bytes, 'the results');
    if (!Array.isArray(results)) return undefined;
    return results.filter((one) => isFields(one) && typeof one.name === 'string');
  } catch {
    return undefined;
  }
}

async function byCatalog(term: string, limit: number, where: SearchedRegistry): Promise<FoundRepository[]> {
  const { registry, insecure, transport } = where;
  const session = sessionOf(where, '');
  const base = await baseOf(hostOf(registry), insecure, transport);
  const get = async (url: URL): Promise<Answer> => {
    const answer = await session.send('GET', url);
    if (answer.status === 200) return answer;
    throw await refused(answer, where);
  };
  const found: FoundRepository[] = [];
  const url = new URL(`/v2/_catalog?n=${PAGE}`, base);
  const listed = listNames({ url, member: 'repositories', idleTimeout: transport.idleTimeout, get });
  for await (const path of listed) {
    if (!path.includes(term)) continue;
    found.push({ registry, path, description: '', stars: 0, official: false, automated: false });
    if (found.length === limit) break;
  }
  return found;
}

/** A registry that hides its list is told from one that wants a login first. */
async function refused(answer: Answer, { registry, transport }: SearchedRegistry): Promise<PodError> {
  const offersNone = [400, 404, 405, 501].includes(answer.status);
  if (!offersNone) {
    const { idleTimeout } = transport;
    return answerError(answer, { doing: 'search', registry, repository: '', idleTimeout, actions: 'pull' });
  }
  answer.body.destroy();
  return new PodError({
    code: 'unsupported',
    message: `cannot search ${registry}`,
    why: 'it offers neither a search nor a list of its repositories',
  });
}

/** Up to `limit` tags of a repository, as the registry orders them. */
export async function listTags(path: string, limit: number, where: SearchedRegistry): Promise<string[]> {
  const { registry, insecure, transport } = where;
  const { idleTimeout } = transport;
  const session = sessionOf(where, path);
  const get = async (url: URL): Promise<Answer> => {
    const answer = await session.send('GET', url);
    if (answer.status === 200) return answer;
    const about = { doing: 'list the tags of', registry, repository: path, idleTimeout, actions: 'pull' };
    throw await answerError(answer, about);
  };
  const base = await baseOf(hostOf(registry), insecure, transport);
  const url = new URL(`/v2/${path}/tags/list?n=${Math.min(limit, PAGE)}`, base);
  const tags: string[] = [];
  for await (const tag of listNames({ url, member: 'tags', idleTimeout, get })) {
    tags.push(tag);
    if (tags.length === limit) break;
  }
  return tags;
}
