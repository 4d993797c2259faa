/** `diff`: what a container has added (A), changed (C) and deleted (D) in its image's files. */

import type { OciSpec } from '../../rootless/oci-spec.ts';
import { packFiles } from './copy/pack-job.ts';
import type { PlaceParts } from './copy/place.ts';
import { readSpec } from './store.ts';
import { writtenLayer } from './written-layer.ts';

export interface Change {
  kind: 'A' | 'C' | 'D';
  /** Absolute; a byte string. */
  path: string;
}

/** What is always mounted, or made for what is: docker doesn't show it either. */
const ENGINE = [
  '/dev',
  '/proc',
  '/sys',
  '/etc/hosts',
  '/etc/hostname',
  '/etc/resolv.conf',
  '/run/.containerenv',
];

function mountedOver(spec: OciSpec | undefined): (path: string) => boolean {
  const places = new Set([...ENGINE, ...(spec?.mounts ?? []).map(({ destination }) => destination)]);
  return (path) => {
    for (let at = path; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) if (places.has(at)) return true;
    return false;
  };
}

/** Every directory on the way to a change shows as changed, as docker has it. */
export function withParents(changes: ReadonlyMap<string, Change['kind']>): Change[] {
  const all = new Map(changes);
  for (const path of changes.keys()) {
    let at = path.slice(0, path.lastIndexOf('/'));
    for (; at !== '' && !all.has(at); at = at.slice(0, at.lastIndexOf('/'))) all.set(at, 'C');
  }
  const paths = [...all.keys()].sort((a, b) => (a < b ? -1 : 1));
  return paths.map((path) => ({ kind: all.get(path)!, path }));
}

/** In the order of their paths. */
export async function changesOf(parts: PlaceParts): Promise<Change[]> {
  const { paths, record } = parts;
  const isMounted = mountedOver(readSpec(paths, record.id));
  const found = new Map<string, Change['kind']>();
  const note = (name: string, kind: Change['kind']): void => {
    const path = `/${name}`;
    if (name !== '' && !isMounted(path)) found.set(path, kind);
  };
  const layer = writtenLayer(parts, true);
  const sink = layer.sink({
    entry: (entry) => {
      if (!entry.below) note(entry.path, 'A');
      else if (entry.type !== 'directory' || entry.below !== 'same') note(entry.path, 'C');
    },
    data: () => {},
    hole: () => {},
    whiteout: (path, below) => {
      if (below) note(path, 'D');
    },
  });
  await packFiles(layer.namespace, layer.job, {
    sink,
    failing: `cannot compare ${record.name} with its image`,
  });
  return withParents(found);
}
