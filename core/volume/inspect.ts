import { type VolumePaths, type VolumeRecord, volumeData } from './store.ts';

/** What `inspect` shows of a volume: docker's fields, and podman's Anonymous. */
export function inspectVolume(paths: VolumePaths, volume: VolumeRecord): Record<string, unknown> {
  const { name, created, driver, labels, options, anonymous } = volume;
  return {
    CreatedAt: created,
    Driver: driver,
    Labels: labels,
    Mountpoint: volumeData(paths, name),
    Name: name,
    Options: options,
    Scope: 'local',
    Anonymous: anonymous,
  };
}
