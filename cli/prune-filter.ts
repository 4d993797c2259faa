import { type Filters, hasLabel, parseFilters, passes } from './filter.ts';
import { parseMoment } from './moment.ts';

/** What the prune commands can be asked about an object. */
export interface Prunable {
  labels: Readonly<Record<string, string>>;
  /** RFC 3339; undefined passes no `until`. */
  created: string | undefined;
}

/** `--filter until=…`, `label=…` and `label!=…` of the prune commands. Throws PodError `usage`. */
export function pruneFilter(words: readonly string[], keys: readonly string[]): (one: Prunable) => boolean {
  const filters: Filters = parseFilters(words, keys);
  const until = (filters.get('until') ?? []).map(parseMoment);
  return ({ labels, created }) =>
    passes(filters, (key, value) => {
      if (key === 'label') return hasLabel(labels, value);
      if (key === 'label!') return !hasLabel(labels, value);
      if (key === 'until')
        return created !== undefined && until.every((moment) => Date.parse(created) < moment);
      return true;
    });
}

export const PRUNE_FILTERS = ['label', 'label!', 'until'];
