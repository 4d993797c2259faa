import { usedByContainers } from '../../core/container/images-in-use.ts';
import { collectLeftovers } from '../../core/container/leftovers.ts';
import { memberDigest } from '../../core/images/lists/list-members.ts';
import { changeList } from '../../core/images/lists/manifest-list.ts';
import { Option, PodCommand } from '../command.ts';
import { pathsOf } from '../paths.ts';

export class ManifestRemove extends PodCommand {
  static override usage = { description: 'Take an image out of a list' };

  list = Option.String({ name: 'list' });
  image = Option.String({ name: 'image' });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const { keepLayers } = usedByContainers(paths);
    const without = changeList(
      paths,
      this.list,
      (members, index) => {
        const digest = memberDigest(paths, index, members, this.image);
        return members.filter(({ descriptor }) => descriptor.digest !== digest);
      },
      keepLayers,
    );
    this.printLine(await without);
    collectLeftovers(paths);
    return 0;
  }
}
