import { pruneImages } from '../../core/images/prune.ts';
import { Option, PodCommand } from '../command.ts';
import { confirm } from '../confirm.ts';
import { deletedLines, imageLines, reclaimedLine } from '../output/pruned.ts';
import { pathsOf } from '../paths.ts';
import { PRUNE_FILTERS, pruneFilter } from '../prune-filter.ts';

export class ImagePrune extends PodCommand {
  static override usage = { description: 'Remove images that have no name' };

  all = Option.Boolean('-a,--all', false, { description: 'All images that no container uses' });
  external = Option.Boolean('--external', false, { description: 'Other tools have none here: no effect' });
  filter = Option.Array('--filter', [], {
    description: 'Only some: until=24h, label=key, label!=key (`filter`)',
  });
  force = Option.Boolean('-f,--force', false, { description: 'Do not ask' });

  async execute(): Promise<number> {
    const wanted = pruneFilter(this.filter, PRUNE_FILTERS);
    const which = this.all ? 'without at least one container associated to them' : 'without a name';
    if (!this.force) await confirm(this, `WARNING! This will remove all images ${which}.`);
    const pruned = await pruneImages(pathsOf(this), this.all, wanted);
    this.print(deletedLines('Deleted Images', imageLines(pruned)) + reclaimedLine(pruned.freed));
    return 0;
  }
}
