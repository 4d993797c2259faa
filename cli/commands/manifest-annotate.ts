import { memberDigest, withChange } from '../../core/images/lists/list-members.ts';
import { changeList } from '../../core/images/lists/manifest-list.ts';
import { Option } from '../command.ts';
import { MemberCommand } from '../list-command.ts';
import { pathsOf } from '../paths.ts';

export class ManifestAnnotate extends MemberCommand {
  static override usage = { description: 'Tell more about an image of a list, or other things' };

  list = Option.String({ name: 'list' });
  image = Option.String({ name: 'image' });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const told = this.told();
    const id = await changeList(paths, this.list, (members, index) => {
      const digest = memberDigest(paths, index, members, this.image);
      return members.map((member) =>
        member.descriptor.digest === digest ? withChange(member, told) : member,
      );
    });
    this.printLine(id);
    return 0;
  }
}
