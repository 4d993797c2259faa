import { PodError } from '../../core/error.ts';
import { listSecrets, removeSecret } from '../../core/secret/store.ts';
import { Option, PodCommand } from '../command.ts';
import { forEachName, unlessMissing } from '../each.ts';
import { pathsOf } from '../paths.ts';

export class SecretRm extends PodCommand {
  static override usage = {
    description: 'Remove secrets: containers that have them keep them until they end',
  };

  all = Option.Boolean('-a,--all', false, { description: 'All secrets' });
  ignore = Option.Boolean('-i,--ignore', false, { description: 'A missing one is no error' });
  names = Option.Rest({ name: 'secret' });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const names = this.all ? listSecrets(paths).map(({ name }) => name) : this.names;
    if (names.length === 0 && !this.all)
      throw new PodError({ code: 'usage', message: 'no secret was named', hint: 'give names, or --all' });
    const remove = async (name: string) => removeSecret(paths, name).id;
    return forEachName(this, names, unlessMissing(this.ignore, remove));
  }
}
