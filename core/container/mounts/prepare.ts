import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { currentUser, userNamespacePlan } from '../../../rootless/id-map.ts';
import { reachesUser } from '../../../rootless/id-map-shift.ts';
import { toContainer, toHost } from '../../../rootless/id-range.ts';
import { runLauncher } from '../../../rootless/launcher.ts';
import type { Operation } from '../../../rootless/plan.ts';
import { PodError } from '../../error.ts';
import { launcherPath } from '../../launcher.ts';
import type { Paths } from '../../paths.ts';
import { readLocalOptions } from '../../volume/local-options.ts';
import { readVolume, volumeData } from '../../volume/store.ts';
import { useVolume } from '../../volume/users.ts';
import type { HostFacts } from '../facts.ts';
import type { ContainerRecord } from '../record.ts';
import type { UserMounts } from './user-mounts.ts';

type Owner = { uid: number; gid: number };

/**
 * What has to be there before a container with these mounts can start: its volumes, and files that belong to whom they
 * should. `draft` is the container's directory while it is made, `user` in its own ids.
 */
export function prepareMounts(
  paths: Paths,
  host: HostFacts,
  record: Pick<ContainerRecord, 'id' | 'maps' | 'overlays'>,
  { wanted, chown }: UserMounts,
  draft: string,
  user: Owner,
): void {
  const jobs: Operation[] = [];
  const give = (to: Owner, path: string) => jobs.push(['chown', ...ownerWords(host, record, to, path), path]);
  // Its root couldn't write into what belongs to the user.
  const foreign = !reachesUser(host.defaultMaps, record.maps);
  if (record.overlays?.some(({ writable }) => writable)) {
    const overlays = join(draft, 'overlays');
    mkdirSync(overlays, { mode: 0o755 });
    if (foreign) give({ uid: 0, gid: 0 }, overlays);
  }
  for (const volume of wanted) {
    useVolume(paths, volume, record.id);
    const data = volumeData(paths, volume.name);
    const owner = readLocalOptions(readVolume(paths, volume.name)?.options ?? {}).owner;
    const to = owner ?? (foreign ? { uid: 0, gid: 0 } : undefined);
    if (to && isUntouched(data)) give(to, data);
  }
  for (const path of chown) {
    refuseOthers(host, path);
    give(user, path);
  }
  if (jobs.length === 0) return;
  try {
    runLauncher(launcherPath(), 'enter', [...userNamespacePlan(host.defaultMaps), ...jobs]);
  } catch (cause) {
    const [path] = chown;
    if (path === undefined) throw cause;
    throw cannotGive(path, 'not all in it is yours', `find ${path} ! -user ${currentUser().uid} -ls`, cause);
  }
}

function cannotGive(path: string, why: string, hint: string, cause?: unknown): PodError {
  const message = `cannot give ${path} to the container's user`;
  return new PodError({ code: 'denied', message, why, hint, cause });
}

/** Who is root of the user's own ids alone can't give away what belongs to any other. */
function refuseOthers({ defaultMaps }: HostFacts, path: string): void {
  const { uid, gid } = statSync(path);
  if (toContainer(uid, defaultMaps.uid) !== undefined) return;
  const me = currentUser();
  throw cannotGive(
    path,
    `it belongs to uid ${uid}, gid ${gid}, which is neither you nor one of your subordinate ids`,
    `sudo chown -R ${me.uid}:${me.gid} ${path}   # or leave U out`,
  );
}

/** Nobody has put anything into it, or given it away. */
function isUntouched(data: string): boolean {
  try {
    return statSync(data).uid === currentUser().uid && readdirSync(data).length === 0;
  } catch {
    return false; // closed to the user: it is another's
  }
}

/** The container's ids as the namespace of the default map calls them. */
function ownerWords(
  host: HostFacts,
  { maps }: Pick<ContainerRecord, 'maps'>,
  to: Owner,
  path: string,
): string[] {
  const move = (id: number, kind: 'uid' | 'gid') => {
    const outside = toHost(id, maps[kind]);
    const inside = outside === undefined ? undefined : toContainer(outside, host.defaultMaps[kind]);
    if (inside !== undefined) return String(inside);
    throw new PodError({
      code: 'unsupported',
      message: `cannot give ${path} to the container's user`,
      why: `its ${kind} ${id} is not one of your subordinate ids`,
      hint: 'tsc-pod doctor   # shows the ids that you have',
    });
  };
  return [move(to.uid, 'uid'), move(to.gid, 'gid')];
}
