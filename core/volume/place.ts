import { PodError } from '../error.ts';
import { readLocalOptions } from './local-options.ts';
import { type VolumePaths, type VolumeRecord, volumeData } from './store.ts';

/** The directory of the host that has a volume's files. Throws PodError `unsupported` where only a container has them. */
export function volumePlace(paths: VolumePaths, { name, options }: VolumeRecord, verb: string): string {
  const { kind, device } = readLocalOptions(options);
  if (kind !== 'tmpfs') return device ?? volumeData(paths, name);
  throw new PodError({
    code: 'unsupported',
    message: `cannot ${verb} the volume ${name}`,
    why: 'it is a tmpfs: what is in it is only in the containers that run with it',
    hint: 'tsc-pod cp CONTAINER:/path -   # copies it while the container runs',
  });
}
