import { hostFacts } from '../../core/container/facts.ts';
import { findContainer } from '../../core/container/store.ts';
import { reloadNetworks } from '../../core/network/reload.ts';
import { ChosenCommand } from '../chosen-command.ts';
import { forEachName } from '../each.ts';
import { pathsOf } from '../paths.ts';

export class NetworkReload extends ChosenCommand {
  static override usage = { description: 'Bring running containers back into networks that they have lost' };

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const host = hostFacts(this.context.env);
    return forEachName(
      this,
      this.chosen(paths, ({ state }) => state.status === 'running'),
      async (name) => {
        const record = findContainer(paths, name);
        await reloadNetworks({ paths, host }, record);
        return record.id;
      },
    );
  }
}
