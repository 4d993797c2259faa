import { usedByContainers } from '../../core/container/images-in-use.ts';
import { collectLeftovers } from '../../core/container/leftovers.ts';
import { removeImage } from '../../core/images/remove.ts';
import { Option, PodCommand } from '../command.ts';
import { exitOneIfMissing, forEachName, unlessMissing } from '../each.ts';
import { removedLines } from '../output/pruned.ts';
import { pathsOf } from '../paths.ts';

export class ManifestRm extends PodCommand {
  static override usage = { description: 'Remove lists of images; the images that have names stay' };

  ignore = Option.Boolean('-i,--ignore', false, { description: 'A missing one is no error' });
  lists = Option.Rest({ name: 'list', required: 1 });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const remove = unlessMissing(this.ignore, async (name) => {
      const options = { onlyLists: true, allNames: true, ...usedByContainers(paths) };
      return removedLines(await removeImage(paths, name, options)).join('\n');
    });
    const status = await forEachName(this, this.lists, exitOneIfMissing(remove));
    collectLeftovers(paths);
    return status;
  }
}
