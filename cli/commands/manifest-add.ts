import { changeList, readList } from '../../core/images/lists/manifest-list.ts';
import { Option } from '../command.ts';
import { MemberCommand } from '../list-command.ts';
import { pathsOf } from '../paths.ts';

export class ManifestAdd extends MemberCommand {
  static override usage = { description: 'Add images to a list' };

  all = Option.Boolean('--all', false, { description: 'Of lists that are added, all images' });
  list = Option.String({ name: 'list' });
  images = Option.Rest({ name: 'image', required: 1 });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    readList(paths, this.list); // before a registry is asked
    const change = await this.addition(this.images, this.all, this.told());
    this.printLine(await changeList(paths, this.list, change));
    return 0;
  }
}
