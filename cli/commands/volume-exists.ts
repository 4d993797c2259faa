import { readVolume } from '../../core/volume/store.ts';
import { Option, PodCommand } from '../command.ts';
import { pathsOf } from '../paths.ts';

export class VolumeExists extends PodCommand {
  static override usage = { description: 'Tell by the exit status whether there is a volume: 0 or 1' };

  name = Option.String({ name: 'volume' });

  async execute(): Promise<number> {
    return readVolume(pathsOf(this), this.name) ? 0 : 1;
  }
}
