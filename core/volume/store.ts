import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { makeWhole, onlyOne } from '../by-name.ts';
import { checkName, isName } from '../container/name.ts';
import { errnoOf } from '../error.ts';
import { makeDirectory } from '../make-directory.ts';
import { namesIn } from '../names-in.ts';
import type { Paths } from '../paths.ts';
import { writeFile } from '../write-file.ts';

/**
 * A volume is volumes/<name>/ with
 *   _data        what is mounted
 *   volume.json  VolumeRecord
 *   users/<id>   an empty file for each container that uses it (core/volume/users.ts)
 *   first-use    locked while the image's content is copied in; not empty: that was cut off (rootless/native/fill.c)
 * It is made whole as volumes/.<name>.<pid>.<start> and renamed.
 */

export interface VolumeRecord {
  name: string;
  /** RFC 3339. */
  created: string;
  driver: 'local';
  labels: Record<string, string>;
  options: Record<string, string>;
  /** Nobody named it. */
  anonymous: boolean;
}

export type VolumePaths = Pick<Paths, 'volumes'>;

export function volumeDirectory(paths: VolumePaths, name: string): string {
  return join(paths.volumes, checkName('volume', name));
}

/** The directory that holds a volume's data. */
export function volumeData(paths: VolumePaths, name: string): string {
  return join(volumeDirectory(paths, name), '_data');
}

export type NewVolume = Pick<VolumeRecord, 'name'> & Partial<Omit<VolumeRecord, 'name' | 'created'>>;

/** Makes a volume, whole or not at all. False: there is one of that name, which stays as it is. */
export function makeVolume(paths: VolumePaths, volume: NewVolume): boolean {
  const directory = volumeDirectory(paths, volume.name);
  if (existsSync(directory)) return false;
  const record: VolumeRecord = {
    created: new Date().toISOString(),
    driver: 'local',
    labels: {},
    options: {},
    anonymous: false,
    ...volume,
  };
  return makeWhole(paths.volumes, volume.name, (draft) => {
    mkdirSync(join(draft, 'users'), { recursive: true, mode: 0o700 });
    makeDirectory(join(draft, '_data'), 0o755);
    const flush = !record.anonymous;
    writeFile(join(draft, 'volume.json'), JSON.stringify(record), { mode: 0o600, flush });
  });
}

/** undefined: there is none. A directory without a record is a volume whose record was lost: its data is not. */
export function readVolume(paths: VolumePaths, name: string): VolumeRecord | undefined {
  if (!isName(name)) return undefined;
  const directory = volumeDirectory(paths, name);
  const about = statSync(directory, { throwIfNoEntry: false });
  if (!about?.isDirectory()) return undefined;
  const bare: VolumeRecord = {
    name,
    created: about.birthtime.toISOString(),
    driver: 'local',
    labels: {},
    options: {},
    anonymous: false,
  };
  try {
    return { ...bare, ...JSON.parse(readFileSync(join(directory, 'volume.json'), 'utf8')), name };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || error instanceof SyntaxError) return bare;
    throw error;
  }
}

/** All volumes, by name. */
export function listVolumes(paths: VolumePaths): VolumeRecord[] {
  const names = namesIn(paths.volumes).sort();
  return names.map((name) => readVolume(paths, name)).filter((volume) => volume !== undefined);
}

/** The volume of a name; of an id's beginning that only one has. */
export function findVolume(paths: VolumePaths, wish: string): VolumeRecord {
  const exact = readVolume(paths, wish);
  if (exact) return exact;
  const begins = (volume: VolumeRecord) => volume.anonymous && wish !== '' && volume.name.startsWith(wish);
  return onlyOne(listVolumes(paths).filter(begins), 'volume', wish, 1);
}
