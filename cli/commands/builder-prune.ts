import { pruneCache } from '../../core/build/cache/prune.ts';
import { Option, PodCommand } from '../command.ts';
import { confirm } from '../confirm.ts';
import { deletedLines, reclaimedLine } from '../output/pruned.ts';
import { pathsOf } from '../paths.ts';
import { pruneFilter } from '../prune-filter.ts';

export class BuilderPrune extends PodCommand {
  static override usage = { description: 'Remove what builds have kept for later ones' };

  all = Option.Boolean('-a,--all', false, { description: 'Also what images need, and the caches of RUN' });
  filter = Option.Array('--filter', [], { description: 'Only some: until=24h (`filter`)' });
  force = Option.Boolean('-f,--force', false, { description: 'Do not ask' });

  async execute(): Promise<number> {
    const wanted = pruneFilter(this.filter, ['until']);
    const which = this.all ? 'all build cache' : 'all build cache that no image needs';
    if (!this.force) await confirm(this, `WARNING! This will remove ${which}.`);
    const pruned = await pruneCache(pathsOf(this), this.all, wanted);
    this.print(deletedLines('Deleted build cache objects', pruned.deleted) + reclaimedLine(pruned.freed));
    return 0;
  }
}
