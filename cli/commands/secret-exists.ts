import { PodError } from '../../core/error.ts';
import { findSecret } from '../../core/secret/store.ts';
import { Option, PodCommand } from '../command.ts';
import { pathsOf } from '../paths.ts';

export class SecretExists extends PodCommand {
  static override usage = { description: 'Tell by the exit status whether there is a secret: 0 or 1' };

  name = Option.String({ name: 'secret' });

  async execute(): Promise<number> {
    try {
      findSecret(pathsOf(this), this.name);
      return 0;
    } catch (error) {
      if (error instanceof PodError && error.code === 'not-found') return 1;
      throw error;
    }
  }
}
