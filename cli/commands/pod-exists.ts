import { findPod } from '../../core/pod/store.ts';
import { Option, PodCommand } from '../command.ts';
import { existsStatus } from '../exists-status.ts';
import { pathsOf } from '../paths.ts';

export class PodExists extends PodCommand {
  static override usage = { description: 'Tell by the exit status whether a pod exists: 0, else 1' };

  pod = Option.String({ name: 'pod' });

  async execute(): Promise<number> {
    return existsStatus(() => findPod(pathsOf(this), this.pod));
  }
}
