import { findSecret } from '../../core/secret/store.ts';
import { Option, PodCommand } from '../command.ts';
import { existsStatus } from '../exists-status.ts';
import { pathsOf } from '../paths.ts';

export class SecretExists extends PodCommand {
  static override usage = { description: 'Tell by the exit status whether there is a secret: 0 or 1' };

  name = Option.String({ name: 'secret' });

  async execute(): Promise<number> {
    return existsStatus(() => findSecret(pathsOf(this), this.name));
  }
}
