import { stopPod } from '../../core/pod/lifecycle.ts';
import { ChosenPods } from '../chosen-pods.ts';
import { stopTime } from '../stop-time.ts';

export class PodStop extends ChosenPods {
  static override usage = { description: 'Stop all containers of pods' };

  time = stopTime();

  async execute(): Promise<number> {
    return this.forEachPod((pod, { paths }) => stopPod(paths, pod, this.time));
  }
}
