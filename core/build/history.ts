import type { HistoryEntry } from '../images/format/types.ts';
import type { StageState } from './stage-state.ts';

/**
 * The history with a time in each entry of this build. An instruction that makes no layer has that of the layer before it,
 * or, before the first one of this build, of that first one: so the same steps from the cache give the same image, as in
 * docker's builder.
 */
export function datedHistory(
  { history, baseEntries }: Pick<StageState, 'history' | 'baseEntries'>,
  fallback: string,
): HistoryEntry[] {
  const [base, own] = [history.slice(0, baseEntries), history.slice(baseEntries)];
  const dated = (entries: readonly HistoryEntry[]) => entries.filter(({ created }) => created !== undefined);
  let last = dated(own)[0]?.created ?? dated(base).at(-1)?.created ?? fallback;
  const entries = own.map((entry) => {
    last = entry.created ?? last;
    return { created: last, ...entry };
  });
  return [...base, ...entries];
}
