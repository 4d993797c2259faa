import { hostFacts } from '../../core/container/facts.ts';
import { renameContainer } from '../../core/container/rename.ts';
import { Option, PodCommand } from '../command.ts';
import { pathsOf } from '../paths.ts';

export class Rename extends PodCommand {
  static override usage = { description: 'Give a container another name' };

  container = Option.String({ name: 'container' });
  newName = Option.String({ name: 'name' });

  async execute(): Promise<number> {
    const context = { paths: pathsOf(this), host: () => hostFacts(this.context.env) };
    await renameContainer(context, this.container, this.newName);
    return 0;
  }
}
