import { renameContainer } from '../../core/container/rename.ts';
import { Option, PodCommand } from '../command.ts';
import { pathsOf } from '../paths.ts';

export class Rename extends PodCommand {
  static override usage = { description: 'Give a container another name' };

  container = Option.String({ name: 'container' });
  newName = Option.String({ name: 'name' });

  async execute(): Promise<number> {
    await renameContainer(pathsOf(this), this.container, this.newName);
    return 0;
  }
}
