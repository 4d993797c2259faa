import { startPod } from '../../core/pod/lifecycle.ts';
import { ChosenPods } from '../chosen-pods.ts';

export class PodStart extends ChosenPods {
  static override usage = { description: 'Start all containers of pods' };

  async execute(): Promise<number> {
    return this.forEachPod((pod, host) => startPod(host, pod));
  }
}
