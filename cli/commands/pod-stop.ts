import { stopPod } from '../../core/pod/lifecycle.ts';
import { ChosenPods } from '../chosen-pods.ts';
import { Option } from '../command.ts';
import { parsed, parseInteger } from '../parse.ts';

export class PodStop extends ChosenPods {
  static override paths = [['pod', 'stop']];
  static override usage = { description: 'Stop all containers of pods' };

  time = Option.String('-t,--time,--timeout', {
    description: 'Time before SIGKILL, -1: no limit (`seconds`)',
    validator: parsed((text) => parseInteger(text, -1)),
  });

  async execute(): Promise<number> {
    return this.forEachPod((pod, { paths }) => stopPod(paths, pod, this.time));
  }
}
