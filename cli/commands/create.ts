import { createContainer } from '../../core/container/create.ts';
import { collectLeftovers } from '../../core/container/leftovers.ts';
import { ContainerCommand } from '../container-command.ts';

export class Create extends ContainerCommand {
  static override usage = { description: 'Make a container, to be started later' };

  async execute(): Promise<number> {
    const context = this.createContext(false);
    collectLeftovers(context.paths);
    const asked = this.options({ detach: true, sigProxy: true });
    const { record } = await createContainer(await this.inPod(asked, context, false), context);
    this.printLine(record.id);
    return 0;
  }
}
