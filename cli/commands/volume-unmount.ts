import { findVolume, listVolumes } from '../../core/volume/store.ts';
import { Option, PodCommand } from '../command.ts';
import { forEachName } from '../each.ts';
import { pathsOf } from '../paths.ts';

export class VolumeUnmount extends PodCommand {
  static override usage = { description: 'The opposite of `volume mount`: there is nothing to do' };

  all = Option.Boolean('-a,--all', false, { description: 'All volumes' });
  names = Option.Rest({ name: 'volume' });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const names = this.all ? listVolumes(paths).map(({ name }) => name) : this.names;
    return forEachName(this, names, async (name) => findVolume(paths, name).name);
  }
}
