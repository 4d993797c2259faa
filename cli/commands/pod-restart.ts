import { restartPod } from '../../core/pod/lifecycle.ts';
import { ChosenPods } from '../chosen-pods.ts';
import { Option } from '../command.ts';
import { parsed, parseInteger } from '../parse.ts';

export class PodRestart extends ChosenPods {
  static override paths = [['pod', 'restart']];
  static override usage = { description: 'Stop and start all containers of pods' };

  time = Option.String('-t,--time,--timeout', {
    description: 'Time before SIGKILL, -1: no limit (`seconds`)',
    validator: parsed((text) => parseInteger(text, -1)),
  });

  async execute(): Promise<number> {
    return this.forEachPod((pod, host) => restartPod(host, pod, this.time));
  }
}
