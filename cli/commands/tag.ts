import { tagImage } from '../../core/images/tag.ts';
import { Option, PodCommand } from '../command.ts';
import { pathsOf } from '../paths.ts';

export class Tag extends PodCommand {
  static override usage = { description: 'Give an image one more name' };

  image = Option.String({ name: 'image' });
  names = Option.Rest({ name: 'name', required: 1 });

  async execute(): Promise<number> {
    await tagImage(pathsOf(this), this.image, this.names);
    return 0;
  }
}
