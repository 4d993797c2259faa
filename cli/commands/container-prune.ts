import { pruneContainers } from '../../core/container/prune.ts';
import { Option, PodCommand } from '../command.ts';
import { confirm } from '../confirm.ts';
import { deletedLines, reclaimedLine } from '../output/pruned.ts';
import { pathsOf } from '../paths.ts';
import { PRUNE_FILTERS, pruneFilter } from '../prune-filter.ts';

export class ContainerPrune extends PodCommand {
  static override usage = { description: 'Remove all containers that do not run' };

  filter = Option.Array('--filter', [], {
    description: 'Only some: until=24h, label=key, label!=key (`filter`)',
  });
  force = Option.Boolean('-f,--force', false, { description: 'Do not ask' });

  async execute(): Promise<number> {
    const wanted = pruneFilter(this.filter, PRUNE_FILTERS);
    if (!this.force) await confirm(this, 'WARNING! This will remove all stopped containers.');
    const { deleted, freed } = pruneContainers(pathsOf(this), ({ record }) => wanted(record));
    this.print(deletedLines('Deleted Containers', deleted) + reclaimedLine(freed));
    return 0;
  }
}
