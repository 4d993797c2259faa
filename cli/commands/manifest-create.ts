import { createList } from '../../core/images/lists/manifest-list.ts';
import { newName } from '../../core/images/tag.ts';
import { Option } from '../command.ts';
import { ListCommand } from '../list-command.ts';
import { parseKeyValues } from '../parse.ts';
import { pathsOf } from '../paths.ts';

export class ManifestCreate extends ListCommand {
  static override usage = { description: 'Make a list of images for several platforms' };

  all = Option.Boolean('--all', false, { description: 'Of lists that are added, all images' });
  amend = Option.Boolean('-a,--amend', false, { description: 'Change the list that has the name' });
  annotation = Option.Array('--annotation', [], { description: 'Note `key=value` with the list' });
  list = Option.String({ name: 'list' });
  images = Option.Rest({ name: 'image' });

  async execute(): Promise<number> {
    const change = await this.addition(this.images, this.all);
    const annotations = parseKeyValues(this.annotation);
    const whereTaken = this.amend ? 'amend' : 'refuse';
    const annotate = (before: object) => ({ ...before, ...annotations });
    this.printLine(await createList(pathsOf(this), newName(this.list), whereTaken, change, annotate));
    return 0;
  }
}
