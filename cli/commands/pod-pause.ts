import { pausePod } from '../../core/pod/lifecycle.ts';
import { ChosenPods } from '../chosen-pods.ts';

export class PodPause extends ChosenPods {
  static override usage = { description: 'Stop all processes of pods until they are unpaused' };

  async execute(): Promise<number> {
    return this.forEachPod((pod, host) => pausePod(host, pod));
  }
}
