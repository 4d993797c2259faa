import { PodError } from '../../core/error.ts';
import { Option, PodCommand } from '../command.ts';

export class ImageScp extends PodCommand {
  static override usage = { description: 'Not here: save and load through ssh do the same' };

  words = Option.Proxy();

  async execute(): Promise<number> {
    throw new PodError({
      code: 'unsupported',
      message: 'cannot copy images between machines',
      why: 'tsc-pod keeps no connections to others',
      hint: 'tsc-pod save IMAGE | ssh USER@HOST tsc-pod load',
    });
  }
}
