import { unpausePod } from '../../core/pod/lifecycle.ts';
import { ChosenPods } from '../chosen-pods.ts';

export class PodUnpause extends ChosenPods {
  static override usage = { description: 'Let paused pods go on' };

  async execute(): Promise<number> {
    return this.forEachPod((pod, { paths }) => unpausePod(paths, pod));
  }
}
