import { PodError } from '../../core/error.ts';
import { removeVolume } from '../../core/volume/remove.ts';
import { listVolumes } from '../../core/volume/store.ts';
import { Option, PodCommand } from '../command.ts';
import { forEachName, unlessMissing } from '../each.ts';
import { pathsOf } from '../paths.ts';

export class VolumeRm extends PodCommand {
  static override usage = { description: 'Remove volumes' };

  all = Option.Boolean('-a,--all', false, { description: 'All volumes' });
  force = Option.Boolean('-f,--force', false, {
    description: 'Remove the containers that use them; a missing one is no error',
  });
  names = Option.Rest({ name: 'volume' });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const names = this.all ? listVolumes(paths).map(({ name }) => name) : this.names;
    if (names.length === 0 && !this.all)
      throw new PodError({ code: 'usage', message: 'no volume was named', hint: 'give names, or --all' });
    return forEachName(
      this,
      names,
      unlessMissing(this.force, (name) => removeVolume(paths, name, this)),
    );
  }
}
