import { resetSystem } from '../../core/system/reset.ts';
import { Option, PodCommand } from '../command.ts';
import { confirm } from '../confirm.ts';
import { pathsOf } from '../paths.ts';

export class SystemReset extends PodCommand {
  static override usage = { description: 'Remove all containers, pods, images and volumes' };

  force = Option.Boolean('-f,--force', false, { description: 'Do not ask' });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    if (!this.force)
      await confirm(
        this,
        `WARNING! This will remove all containers, running ones too, pods, images and volumes in ${paths.data}.`,
      );
    await resetSystem(paths);
    return 0;
  }
}
