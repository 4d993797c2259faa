import { pruneNetworks } from '../../core/network/prune.ts';
import { Option, PodCommand } from '../command.ts';
import { confirm } from '../confirm.ts';
import { deletedLines } from '../output/pruned.ts';
import { pathsOf } from '../paths.ts';
import { PRUNE_FILTERS, pruneFilter } from '../prune-filter.ts';

export class NetworkPrune extends PodCommand {
  static override usage = { description: 'Remove networks that no container is in' };

  filter = Option.Array('--filter', [], {
    description: 'Only some: until=24h, label=key, label!=key (`filter`)',
  });
  force = Option.Boolean('-f,--force', false, { description: 'Do not ask' });

  async execute(): Promise<number> {
    const wanted = pruneFilter(this.filter, PRUNE_FILTERS);
    if (!this.force)
      await confirm(
        this,
        'WARNING! This will remove all custom networks not used by at least one container.',
      );
    this.print(deletedLines('Deleted Networks', pruneNetworks(pathsOf(this), wanted)));
    return 0;
  }
}
