import { pruneVolumes } from '../../core/volume/prune.ts';
import { Option, PodCommand } from '../command.ts';
import { confirm } from '../confirm.ts';
import { deletedLines, reclaimedLine } from '../output/pruned.ts';
import { pathsOf } from '../paths.ts';
import { PRUNE_FILTERS, pruneFilter } from '../prune-filter.ts';

export class VolumePrune extends PodCommand {
  static override usage = { description: 'Remove anonymous volumes that no container uses' };

  all = Option.Boolean('-a,--all', false, { description: 'Those with names too' });
  filter = Option.Array('--filter', [], {
    description: 'Only some: until=24h, label=key, label!=key (`filter`)',
  });
  force = Option.Boolean('-f,--force', false, { description: 'Do not ask' });

  async execute(): Promise<number> {
    const wanted = pruneFilter(this.filter, PRUNE_FILTERS);
    const which = this.all ? 'local volumes' : 'anonymous local volumes';
    if (!this.force)
      await confirm(this, `WARNING! This will remove all ${which} not used by at least one container.`);
    const { deleted, freed } = pruneVolumes(
      pathsOf(this),
      (volume) => (this.all || volume.anonymous) && wanted(volume),
    );
    this.print(deletedLines('Deleted Volumes', deleted) + reclaimedLine(freed));
    return 0;
  }
}
