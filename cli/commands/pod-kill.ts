import { killPod } from '../../core/pod/lifecycle.ts';
import { ChosenPods } from '../chosen-pods.ts';
import { Option } from '../command.ts';

export class PodKill extends ChosenPods {
  static override usage = { description: 'Send a signal to all containers of pods' };

  signal = Option.String('-s,--signal', 'KILL', { description: 'The `signal`, by name or number' });

  async execute(): Promise<number> {
    return this.forEachPod((pod, { paths }) => killPod(paths, pod, this.signal));
  }
}
