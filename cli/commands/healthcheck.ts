import { checkHealth } from '../../core/container/health.ts';
import { findContainer } from '../../core/container/store.ts';
import { Option, PodCommand } from '../command.ts';
import { pathsOf } from '../paths.ts';

export class HealthcheckRun extends PodCommand {
  static override usage = { description: 'Check the health of a container now; exits with 1 when it is bad' };

  container = Option.String({ name: 'container' });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    if (checkHealth(paths, findContainer(paths, this.container))) return 0;
    this.printLine('unhealthy');
    return 1;
  }
}
