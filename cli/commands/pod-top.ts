import { isUp } from '../../core/container/state.ts';
import { containerProcesses } from '../../core/container/top.ts';
import { PodError } from '../../core/error.ts';
import { containersOf, findPod, listPods } from '../../core/pod/store.ts';
import { Option, PodCommand } from '../command.ts';
import { escapeControls } from '../output/escape.ts';
import { alignColumns } from '../output/table.ts';
import { pathsOf } from '../paths.ts';
import { chooseColumns } from '../top/choose-columns.ts';

export class PodTop extends PodCommand {
  static override usage = { description: 'Show the processes of a pod' };

  latest = Option.Boolean('-l,--latest', false, { description: 'Of the one that was made last' });
  words = Option.Proxy({ name: 'pod [columns or ps options]' });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const [typed, ...rest] = this.words;
    const name = this.latest ? listPods(paths)[0]?.pod.id : typed;
    const format = this.latest ? this.words : rest;
    if (name === undefined) throw new PodError({ code: 'usage', message: 'no pod was named' });
    const columns = chooseColumns(format);
    const up = containersOf(paths, findPod(paths, name)).filter(({ state }) => isUp(state.status));
    // Containers that share a pid namespace see each other's processes: each is shown once.
    const seen = new Map(
      up.flatMap(({ record }) => containerProcesses(paths, record)).map((one) => [one.hostPid, one]),
    );
    const lines = [...seen.values()].map((one) => columns.map(({ value }) => escapeControls(value(one))));
    const titles = columns.map(({ title }) => title);
    this.printLine(alignColumns([titles, ...lines].map((cells) => cells.join('\t')).join('\n')));
    return 0;
  }
}
