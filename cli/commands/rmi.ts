import { imagesOf, layersInUse } from '../../core/container/images-in-use.ts';
import { collectLeftovers } from '../../core/container/leftovers.ts';
import { listContainers } from '../../core/container/list.ts';
import { PodError } from '../../core/error.ts';
import { listImages } from '../../core/images/list.ts';
import { removeImage } from '../../core/images/remove.ts';
import { Option, PodCommand } from '../command.ts';
import { forEachName } from '../each.ts';
import { familiarImage } from '../familiar-image.ts';
import { pathsOf } from '../paths.ts';

export class Rmi extends PodCommand {
  static override paths = [['rmi'], ['image', 'rm'], ['image', 'remove']];
  static override usage = { description: 'Remove images' };

  all = Option.Boolean('-a,--all', false, { description: 'All images' });
  force = Option.Boolean('-f,--force', false, {
    description: 'Even if containers use it or it has several names',
  });
  names = Option.Rest({ name: 'image' });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    if (this.names.length === 0 && !this.all)
      throw new PodError({
        code: 'usage',
        message: 'no image was named',
        hint: 'give names or ids, or --all',
      });
    const names = this.all ? listImages(paths).map((image) => image.id) : this.names;
    const status = await forEachName(this, names, async (name) => {
      const containers = listContainers(paths);
      const removed = await removeImage(paths, name, {
        force: this.force || this.all,
        usedBy: (id) =>
          containers.filter(({ record }) => imagesOf(record).includes(id)).map(({ record }) => record.name),
        keepLayers: layersInUse(containers.map(({ record }) => record)),
      });
      const lines = removed.untagged.map((tag) => `Untagged: ${familiarImage(tag)}`);
      if (removed.deleted) lines.push(`Deleted: sha256:${removed.deleted}`);
      return lines.join('\n');
    });
    collectLeftovers(paths);
    return status;
  }
}
