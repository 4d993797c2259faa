import { findContainer } from '../../core/container/store.ts';
import { Option, PodCommand } from '../command.ts';
import { existsStatus } from '../exists-status.ts';
import { pathsOf } from '../paths.ts';

export class ContainerExists extends PodCommand {
  static override usage = { description: 'Tell by the exit status whether a container exists: 0, else 1' };

  external = Option.Boolean('--external', false, { description: 'Other tools have none here: no effect' });
  container = Option.String({ name: 'container' });

  async execute(): Promise<number> {
    return existsStatus(() => findContainer(pathsOf(this), this.container));
  }
}
