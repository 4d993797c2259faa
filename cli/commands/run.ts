import { planContainer, runContainer } from '../../core/container/run.ts';
import { Option } from '../command.ts';
import { ContainerCommand } from '../container-command.ts';

export class Run extends ContainerCommand {
  static override usage = { category: 'Common Commands', description: 'Run a command in a new container' };

  detach = Option.Boolean('-d,--detach', false, {
    description: 'Run in the background and print the container id',
  });
  sigProxy = Option.Boolean('--sig-proxy', true, { description: 'Pass signals on to the container' });
  dryRun = Option.Boolean('--dry-run', false, {
    description: 'Print the plan that would be carried out, and make nothing',
  });

  async execute(): Promise<number> {
    const context = this.createContext(true);
    const asked = this.options({ detach: this.detach, sigProxy: this.sigProxy });
    const options = await this.inPod(asked, context, !this.dryRun);
    if (!this.dryRun) return runContainer(options, context);
    this.print(await planContainer(options, context));
    return 0;
  }
}
