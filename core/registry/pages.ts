/** Lists that registries give page by page (distribution-spec, "Listing Tags"; the catalog is listed alike). */

import { isFields, parseJson } from '../images/format/json.ts';
import { readSmallBody } from './body.ts';
import type { Answer } from './transport.ts';

const PAGE_LIMIT = 8 << 20;
const MOST_PAGES = 1000;

export interface Listed {
  /** The first page. */
  readonly url: URL;
  /** The member that holds the names: "tags", "repositories". */
  readonly member: string;
  readonly idleTimeout: number;
  /** Sends a GET; throws where the answer isn't the list. */
  get(url: URL): Promise<Answer>;
}

/** All names, as they come. What a registry sends that isn't a name is left out. */
export async function* listNames({ url, member, idleTimeout, get }: Listed): AsyncGenerator<string> {
  let next: URL | undefined = url;
  for (let page = 0; next !== undefined && page < MOST_PAGES; page++) {
    const answer = await get(next);
    const bytes = await readSmallBody(answer, idleTimeout, PAGE_LIMIT, 'a list');
    const json = parseJson(bytes, `the list of ${url.host}`);
    const names = isFields(json) ? json[member] : undefined;
    for (const name of Array.isArray(names) ? names : []) if (typeof name === 'string') yield name;
    next = nextPage(answer, next);
  }
}

/** RFC 8288: `<…>; rel="next"`. Only the same registry goes on with its list. */
function nextPage(answer: Answer, current: URL): URL | undefined {
  const header = [answer.headers.link ?? []].flat().join(', ');
  const [, target] = /<([^>]*)>\s*;[^,]*\brel="?next"?/i.exec(header) ?? [];
  const next = target === undefined ? null : URL.parse(target, current.href);
  return next !== null && next.origin === current.origin && next.href !== current.href ? next : undefined;
}
