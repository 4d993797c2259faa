import { untagImage } from '../../core/images/tag.ts';
import { Option, PodCommand } from '../command.ts';
import { pathsOf } from '../paths.ts';

export class Untag extends PodCommand {
  static override usage = { description: 'Take names from an image: those given, or all' };

  image = Option.String({ name: 'image' });
  names = Option.Rest({ name: 'name' });

  async execute(): Promise<number> {
    await untagImage(pathsOf(this), this.image, this.names);
    return 0;
  }
}
