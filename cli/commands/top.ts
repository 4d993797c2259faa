import { containerProcesses } from '../../core/container/top.ts';
import { PodError } from '../../core/error.ts';
import { chooseContainer } from '../choose-containers.ts';
import { Option, PodCommand } from '../command.ts';
import { escapeControls } from '../output/escape.ts';
import { alignColumns } from '../output/table.ts';
import { pathsOf } from '../paths.ts';
import { chooseColumns } from '../top/choose-columns.ts';
import { COLUMNS } from '../top/columns.ts';

export class Top extends PodCommand {
  static override usage = { description: "Show a container's processes" };

  latest = Option.Boolean('-l,--latest', false, { description: 'Of the one that was made last' });
  listDescriptors = Option.Boolean('--list-descriptors', false, {
    description: 'Name the columns there are',
  });
  words = Option.Proxy({ name: 'container [columns or ps options]' });

  async execute(): Promise<number> {
    if (this.listDescriptors) {
      for (const { names } of COLUMNS) this.printLine(names[0]!);
      return 0;
    }
    const paths = pathsOf(this);
    const name = this.latest ? undefined : this.words[0];
    if (name === undefined && !this.latest)
      throw new PodError({ code: 'usage', message: 'no container was named' });
    const columns = chooseColumns(this.latest ? this.words : this.words.slice(1));
    const processes = containerProcesses(paths, chooseContainer(paths, name, this.latest));
    const lines = processes.map((one) => columns.map(({ value }) => escapeControls(value(one))));
    const titles = columns.map(({ title }) => title);
    this.printLine(alignColumns([titles, ...lines].map((cells) => cells.join('\t')).join('\n')));
    return 0;
  }
}
