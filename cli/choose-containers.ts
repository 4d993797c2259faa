import { readFileSync } from 'node:fs';
import { type ListedContainer, listContainers } from '../core/container/list.ts';
import type { ContainerRecord } from '../core/container/record.ts';
import type { Status } from '../core/container/state.ts';
import { findContainer } from '../core/container/store.ts';
import { PodError } from '../core/error.ts';
import type { Paths } from '../core/paths.ts';
import { containerFilter } from './container-filter.ts';

export interface Choice {
  /** Names and ids as typed. */
  names: readonly string[];
  all: boolean;
  latest: boolean;
  /** --filter: of those that a plain --all means. */
  filter?: readonly string[];
  /** --cidfile: files that hold an id each. */
  cidfile?: readonly string[];
}

/**
 * What --all, --latest, --filter and --cidfile stand for, or the names that were typed; none of them is an error. `status`
 * narrows what --all and --filter mean; the latest is the one that was made last, whatever it does.
 */
export function chooseContainers(
  paths: Paths,
  choice: Choice,
  status?: Status | readonly Status[],
): string[] {
  const { all, latest, filter = [], cidfile = [] } = choice;
  const names = [...choice.names, ...cidfile.map(readId)];
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
  const wanted = status === undefined ? undefined : [status].flat();
  const { passes } = containerFilter(filter, listed, paths);
  return listed
    .filter((one) => (!wanted || wanted.includes(one.state.status)) && passes(one))
    .map(({ record }) => record.id);
}

function latestOf([first]: readonly ListedContainer[]): ListedContainer {
  if (first) return first;
  throw new PodError({ code: 'not-found', message: 'there is no container that could be the latest' });
}

function readId(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new PodError({
      code: 'usage',
      message: `cannot read the container id in ${file}`,
      why: (cause as Error).message,
      cause,
    });
  }
}

/** The one container of a command that takes one: by name or id, or the last that was made. */
export function chooseContainer(paths: Paths, name: string | undefined, latest: boolean): ContainerRecord {
  const names = name === undefined ? [] : [name];
  const [chosen] = chooseContainers(paths, { names, all: false, latest });
  if (chosen !== undefined) return findContainer(paths, chosen);
  throw new PodError({ code: 'not-found', message: 'there is no container' });
}
