import { findEntry } from '../../core/images/find.ts';
import { readIndex } from '../../core/images/layout.ts';
import { Option, PodCommand } from '../command.ts';
import { pathsOf } from '../paths.ts';

export class ImageExists extends PodCommand {
  static override usage = { description: 'Exit with 0 if there is such an image, else with 1' };

  image = Option.String({ name: 'image' });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    return findEntry(paths, readIndex(paths), this.image) === undefined ? 1 : 0;
  }
}
