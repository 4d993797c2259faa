/** `diff` of images: what one has added (A), changed (C) and deleted (D) in the files of another. */

import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { FoundEntry } from '../../rootless/file-stream.ts';
import { findProgram, mapPlan } from '../../rootless/id-map.ts';
import { ownerShift } from '../../rootless/id-map-shift.ts';
import { driverFor } from '../../rootless/overlay/driver.ts';
import { readOnlyRootPlan } from '../../rootless/overlay/root-plan.ts';
import { type Change, withParents } from '../container/changes.ts';
import { packFiles } from '../container/copy/pack-job.ts';
import type { HostFacts } from '../container/facts.ts';
import { probeOverlay } from '../container/probe-overlay.ts';
import { PodError } from '../error.ts';
import { launcherPath } from '../launcher.ts';
import type { Paths } from '../paths.ts';
import { randomBytes } from '../random.ts';
import { layerPath } from './layout.ts';
import { visibleLayers } from './unpack/unpack.ts';

/** In the order of their paths. Layers ("sha256:…") from the lowest up: of the image, and of what it is compared with. */
export async function imageChanges(
  paths: Paths,
  host: HostFacts,
  layers: readonly string[],
  before: readonly string[],
): Promise<Change[]> {
  const old = await filesOf(paths, host, before);
  const found = new Map<string, Change['kind']>();
  const now = await filesOf(paths, host, layers);
  for (const [path, entry] of now) {
    const was = old.get(path);
    if (was === undefined) found.set(path, 'A');
    else if (!isSame(was, entry)) found.set(path, 'C');
  }
  // Of a tree that is gone, its top.
  for (const path of old.keys())
    if (!now.has(path) && (now.has(path.slice(0, path.lastIndexOf('/'))) || path.lastIndexOf('/') === 0))
      found.set(path, 'D');
  return withParents(found);
}

function isSame(a: FoundEntry, b: FoundEntry): boolean {
  const about = ({ type, mode, uid, gid, linkTarget, major, minor }: FoundEntry) =>
    [type, mode, uid, gid, linkTarget, major, minor].join(' ');
  const content = ({ size, mtime }: FoundEntry) => `${size} ${mtime.seconds} ${mtime.nanoseconds}`;
  return about(a) === about(b) && (a.type !== 'file' || content(a) === content(b));
}

/** What is at each path but the root, a byte string. */
async function filesOf(
  paths: Paths,
  host: HostFacts,
  layers: readonly string[],
): Promise<Map<string, FoundEntry>> {
  const found = new Map<string, FoundEntry>();
  if (layers.length === 0) return found;
  const scratch = join(paths.runtime, `diff-${randomBytes(8).toString('hex')}`);
  const [root, empty] = [join(scratch, 'root'), join(scratch, 'empty')] as const;
  for (const directory of [root, empty]) mkdirSync(directory, { recursive: true, mode: 0o700 });
  try {
    const maps = [
      ...mapPlan(host.defaultMaps),
      ...[
        ['namespace', 'user'],
        ['namespace', 'mount'],
        ['root-target', root],
      ],
      ...(await rootOf(paths, host, layers, empty)),
    ];
    const sink = {
      entry: (entry: FoundEntry) => {
        const same = entry.type === 'hardlink' ? found.get(`/${entry.linkTarget}`) : undefined;
        if (entry.path !== '') found.set(`/${entry.path}`, same ?? entry);
      },
      data: () => {},
      hole: () => {},
    };
    const failing = 'cannot read the files of the image';
    await packFiles({ launcher: launcherPath(), maps }, ['pack', '/', '/', '', 'list'], { sink, failing });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return found;
}

async function rootOf(
  paths: Paths,
  host: HostFacts,
  layers: readonly string[],
  empty: string,
): Promise<string[][]> {
  const shift = ownerShift(host.defaultMaps, host.defaultMaps);
  const { name, reason } = await driverFor({
    dataRoot: paths.data,
    shift,
    probe: () => probeOverlay(paths, host),
  });
  if (name === 'copy')
    throw new PodError({
      code: 'unsupported',
      message: 'cannot mount images to compare them',
      why: reason,
      hint: 'run `tsc-pod doctor`: it tells what is missing for an overlay',
    });
  const program = name === 'fuse-overlayfs' ? findProgram(name) : undefined;
  const [upper = empty, ...lowers] = visibleLayers(paths.layers, layers)
    .map((diffId) => join(layerPath(paths, diffId), 'fs'))
    .reverse();
  const parts = { upper, lowers: [...lowers, empty], work: '', copy: '' };
  return readOnlyRootPlan({ name, reason, ...(program && { program }) }, parts, shift);
}
