import { constants } from 'node:os';
import { type ListedContainer, listContainers } from '../../core/container/list.ts';
import { isUp } from '../../core/container/state.ts';
import { listStored, type StoredImage } from '../../core/images/list.ts';
import { listNetworks } from '../../core/network/find.ts';
import type { Paths } from '../../core/paths.ts';
import { listPods } from '../../core/pod/store.ts';
import { listSecrets } from '../../core/secret/store.ts';
import { listVolumes } from '../../core/volume/store.ts';
import { familiarImage } from '../familiar-image.ts';

export const SHELLS = ['bash', 'fish', 'zsh'] as const;

const runs = ({ state }: ListedContainer) => isUp(state.status);

/** The containers that a command can do something with, where that isn't all. */
const WANTED: Record<string, (one: ListedContainer) => boolean> = {
  attach: runs,
  exec: runs,
  kill: runs,
  pause: ({ state }) => state.status === 'running',
  start: (one) => !runs(one),
  stop: runs,
  top: runs,
  unpause: ({ state }) => state.status === 'paused',
};

const imageNames = (images: StoredImage[]) => images.flatMap(({ names }) => names.map(familiarImage));
const namesOf = (all: readonly { name: string }[]) => all.map(({ name }) => name);

/** What there is of a kind, as declarations of commands call it. `command`: the first name of the one that is typed. */
export const NAMES: Record<string, (paths: Paths, command: string) => string[] | Promise<string[]>> = {
  container: (paths, command) =>
    namesOf(
      listContainers(paths)
        .filter(WANTED[command] ?? (() => true))
        .map(({ record }) => record),
    ),
  image: (paths) => imageNames(listStored(paths)),
  list: (paths) => imageNames(listStored(paths).filter(({ kind }) => kind === 'list')),
  network: async (paths) => namesOf(await listNetworks(paths)),
  pod: (paths) => namesOf(listPods(paths).map(({ pod }) => pod)),
  secret: (paths) => namesOf(listSecrets(paths)),
  shell: () => [...SHELLS],
  signal: () => Object.keys(constants.signals),
  volume: (paths) => namesOf(listVolumes(paths)),
};
