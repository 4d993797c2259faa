import { PodError } from '../../core/error.ts';
import { findPod } from '../../core/pod/store.ts';
import { Option, PodCommand } from '../command.ts';
import { pathsOf } from '../paths.ts';

export class PodExists extends PodCommand {
  static override usage = { description: 'Tell by the exit status whether a pod exists: 0, else 1' };

  pod = Option.String({ name: 'pod' });

  async execute(): Promise<number> {
    try {
      findPod(pathsOf(this), this.pod);
      return 0;
    } catch (error) {
      if (error instanceof PodError && error.code === 'not-found') return 1;
      throw error;
    }
  }
}
