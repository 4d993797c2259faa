import { PodError } from '../../core/error.ts';
import { inspectVolume } from '../../core/volume/inspect.ts';
import { findVolume, listVolumes } from '../../core/volume/store.ts';
import { Option, PodCommand } from '../command.ts';
import { inspectEach } from '../inspect-each.ts';
import { pathsOf } from '../paths.ts';

export class VolumeInspect extends PodCommand {
  static override usage = { description: 'Show all about volumes' };

  all = Option.Boolean('-a,--all', false, { description: 'All volumes' });
  format = Option.String('-f,--format', { description: 'A Go `template`, or json' });
  names = Option.Rest({ name: 'volume' });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const names = this.all ? listVolumes(paths).map(({ name }) => name) : this.names;
    if (names.length === 0 && !this.all)
      throw new PodError({ code: 'usage', message: 'no volume was named', hint: 'give names, or --all' });
    return inspectEach(this, names, this.format, (name) => inspectVolume(paths, findVolume(paths, name)));
  }
}
