import { restartPod } from '../../core/pod/lifecycle.ts';
import { ChosenPods } from '../chosen-pods.ts';
import { stopTime } from '../stop-time.ts';

export class PodRestart extends ChosenPods {
  static override usage = { description: 'Stop and start all containers of pods' };

  time = stopTime();

  async execute(): Promise<number> {
    return this.forEachPod((pod, host) => restartPod(host, pod, this.time));
  }
}
