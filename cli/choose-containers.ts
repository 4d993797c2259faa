import { readIdFile } from '../core/container/flags/id-file.ts';
import { type ListedContainer, listContainers } from '../core/container/list.ts';
import type { ContainerRecord } from '../core/container/record.ts';
import { findContainer } from '../core/container/store.ts';
import { PodError } from '../core/error.ts';
import type { Paths } from '../core/paths.ts';
import { containerFilter } from './container-filter.ts';

export interface Choice {
  /** Names and ids as typed. */
  names: readonly string[];
  all?: boolean;
  latest: boolean;
  /** --filter: of those that a plain --all means. */
  filter?: readonly string[];
  /** --cidfile: files that hold an id each. */
  cidfile?: readonly string[];
}

/**
 * What --all, --latest, --filter and --cidfile stand for, or the names that were typed; none of them is an error. `meant`
 * narrows what --all and --filter mean; the latest is the one that was made last, whatever it does.
 */
export function chooseContainers(
  paths: Paths,
  choice: Choice,
  meant: (one: ListedContainer) => boolean = () => true,
): string[] {
  const { all, latest, filter = [], cidfile = [] } = choice;
  const names = [...choice.names, ...cidfile.map(readIdFile)];
  const ways = [names.length > 0, all || filter.length > 0, latest].filter(Boolean).length;
  if (ways === 0)
    throw new PodError({
      code: 'usage',
      message: 'no container was named',
      hint: 'give names or ids, --latest or --all',
    });
  if (ways > 1)
    throw new PodError({ code: 'usage', message: 'names, --all, --filter and --latest exclude each other' });
  if (names.length > 0) return names;
  const listed = listContainers(paths);
  if (latest) return [latestOf(listed).record.id];
  const { passes } = containerFilter(filter, listed, paths);
  return listed.filter((one) => meant(one) && passes(one)).map(({ record }) => record.id);
}

function latestOf([first]: readonly ListedContainer[]): ListedContainer {
  if (first) return first;
  throw new PodError({ code: 'not-found', message: 'there is no container that could be the latest' });
}

/** The one container of a command that takes one: by name or id, or the last that was made. */
export function chooseContainer(paths: Paths, name: string | undefined, latest: boolean): ContainerRecord {
  const [chosen] = chooseContainers(paths, { names: name === undefined ? [] : [name], latest });
  return findContainer(paths, chosen!);
}
