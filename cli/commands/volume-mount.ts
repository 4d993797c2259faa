import { volumePlace } from '../../core/volume/place.ts';
import { findVolume } from '../../core/volume/store.ts';
import { Option, PodCommand } from '../command.ts';
import { forEachName } from '../each.ts';
import { pathsOf } from '../paths.ts';

/** A volume is a directory that is always there: nothing has to be mounted, as with podman's. */
export class VolumeMount extends PodCommand {
  static override usage = { description: 'Print where the files of volumes are on the host' };

  names = Option.Rest({ name: 'volume', required: 1 });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    return forEachName(this, this.names, async (name) =>
      volumePlace(paths, findVolume(paths, name), 'mount'),
    );
  }
}
