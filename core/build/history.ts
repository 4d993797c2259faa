import type { HistoryEntry } from '../images/format/types.ts';
import type { StageState } from './stage-state.ts';

/**
 * The history with a time in each entry. An instruction that makes no layer has that of the layer before it, or, before
 * the first one of this build, of that first one: so the same steps from the cache give the same image, as in docker's
 * builder.
 */
export function datedHistory(
  { history, baseEntries }: Pick<StageState, 'history' | 'baseEntries'>,
  fallback: string,
): HistoryEntry[] {
  const made = history.slice(baseEntries).find(({ created }) => created !== undefined)?.created;
  const before = history.slice(0, baseEntries).findLast(({ created }) => created !== undefined)?.created;
  let last = made ?? before ?? fallback;
  return history.map((entry) => {
    last = entry.created ?? last;
    return { created: entry.created ?? last, ...entry };
  });
}
