import { usedByContainers } from '../../core/container/images-in-use.ts';
import { collectLeftovers } from '../../core/container/leftovers.ts';
import { PodError } from '../../core/error.ts';
import { listStored } from '../../core/images/list.ts';
import { removeImage } from '../../core/images/remove.ts';
import { refuseOther } from '../../core/images/require-platform.ts';
import { parsePlatform } from '../../core/platform.ts';
import { Option, PodCommand } from '../command.ts';
import { exitOneIfMissing, forEachName, unlessMissing } from '../each.ts';
import { removedLines } from '../output/pruned.ts';
import { pathsOf } from '../paths.ts';

export class Rmi extends PodCommand {
  static override usage = { description: 'Remove images' };

  all = Option.Boolean('-a,--all', false, { description: 'All images' });
  force = Option.Boolean('-f,--force', false, {
    description: 'Even if containers use it or it has several names',
  });
  ignore = Option.Boolean('-i,--ignore', false, { description: 'A missing one is no error' });
  noPrune = Option.Boolean('--no-prune', false, {
    description: 'Keep the nameless images that it was made from',
  });
  platform = Option.String('--platform', { description: 'Only one that is for this `platform`' });
  names = Option.Rest({ name: 'image' });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const { all, force, ignore } = this;
    if (this.names.length === 0 && !all)
      throw new PodError({
        code: 'usage',
        message: 'no image was named',
        hint: 'give names or ids, or --all',
      });
    if (this.names.length > 0 && all)
      throw new PodError({ code: 'usage', message: '--all and names exclude each other' });
    const names = all ? listStored(paths).map(({ id }) => id) : this.names;
    // With --all, an image may have gone with the one that was made from it.
    const platform = this.platform === undefined ? undefined : parsePlatform(this.platform);
    const remove = unlessMissing(ignore || all, async (name) => {
      if (platform !== undefined) refuseOther(paths, name, platform);
      const options = { force, allNames: all, keepParents: this.noPrune, ...usedByContainers(paths) };
      return removedLines(await removeImage(paths, name, options)).join('\n');
    });
    const status = await forEachName(this, names, exitOneIfMissing(remove));
    collectLeftovers(paths);
    return status;
  }
}
