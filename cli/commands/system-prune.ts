import { pruneCache } from '../../core/build/cache/prune.ts';
import { pruneContainers } from '../../core/container/prune.ts';
import { pruneImages } from '../../core/images/prune.ts';
import { pruneNetworks } from '../../core/network/prune.ts';
import { removeLeftovers } from '../../core/system/leftovers.ts';
import { pruneVolumes } from '../../core/volume/prune.ts';
import { Option, PodCommand } from '../command.ts';
import { confirm } from '../confirm.ts';
import { deletedLines, imageLines, reclaimedLine } from '../output/pruned.ts';
import { pathsOf } from '../paths.ts';
import { PRUNE_FILTERS, pruneFilter } from '../prune-filter.ts';

export class SystemPrune extends PodCommand {
  static override usage = { description: 'Remove what is not in use' };

  all = Option.Boolean('-a,--all', false, { description: 'All images that no container uses' });
  filter = Option.Array('--filter', [], {
    description: 'Only some: until=24h, label=key, label!=key (`filter`)',
  });
  force = Option.Boolean('-f,--force', false, { description: 'Do not ask' });
  volumes = Option.Boolean('--volumes', false, { description: 'Anonymous volumes too' });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const wanted = pruneFilter(this.filter, PRUNE_FILTERS);
    if (!this.force) await confirm(this, this.warning());
    const containers = pruneContainers(paths, ({ record }) => wanted(record));
    const volumes = pruneVolumes(paths, (volume) => this.volumes && volume.anonymous && wanted(volume));
    const networks = pruneNetworks(paths, wanted);
    const images = await pruneImages(paths, this.all, wanted);
    const cache = await pruneCache(paths, this.all && this.filter.length === 0, wanted);
    const freed = containers.freed + volumes.freed + images.freed + cache.freed + removeLeftovers(paths);
    this.print(
      deletedLines('Deleted Containers', containers.deleted) +
        deletedLines('Deleted Volumes', volumes.deleted) +
        deletedLines('Deleted Networks', networks) +
        deletedLines('Deleted Images', imageLines(images)) +
        deletedLines('Deleted build cache objects', cache.deleted) +
        reclaimedLine(freed),
    );
    return 0;
  }

  private warning(): string {
    const lines = [
      'all stopped containers',
      'all networks not used by at least one container',
      ...(this.volumes ? ['all anonymous volumes not used by at least one container'] : []),
      this.all ? 'all images without at least one container associated to them' : 'all images without a name',
      this.all ? 'all build cache' : 'unused build cache',
      'downloads that were broken off',
    ];
    return `WARNING! This will remove:\n${lines.map((line) => `  - ${line}\n`).join('')}`;
  }
}
