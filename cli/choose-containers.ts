import { listContainers } from '../core/container/list.ts';
import type { Status } from '../core/container/state.ts';
import { PodError } from '../core/error.ts';
import type { Paths } from '../core/paths.ts';

export interface Choice {
  /** Names and ids as typed. */
  names: readonly string[];
  all: boolean;
  latest: boolean;
}

/** What --all and --latest stand for, or the names that were typed; neither is an error. */
export function chooseContainers(paths: Paths, choice: Choice, status?: Status): string[] {
  const { names, all, latest } = choice;
  if (!all && !latest) {
    if (names.length > 0) return [...names];
    throw new PodError({
      code: 'usage',
      message: 'no container was named',
      hint: 'give names or ids, --latest or --all',
    });
  }
  if (names.length > 0 || (all && latest))
    throw new PodError({ code: 'usage', message: 'names, --all and --latest exclude each other' });
  const listed = listContainers(paths).filter(({ state }) => status === undefined || state.status === status);
  return (latest ? listed.slice(0, 1) : listed).map(({ record }) => record.id);
}
