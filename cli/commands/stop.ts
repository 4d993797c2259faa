import { isUp } from '../../core/container/state.ts';
import { stopContainer } from '../../core/container/stop.ts';
import { findContainer } from '../../core/container/store.ts';
import { ChosenCommand } from '../chosen-command.ts';
import { Option } from '../command.ts';
import { forEachName, unlessMissing } from '../each.ts';
import { pathsOf } from '../paths.ts';
import { stopTime } from '../stop-time.ts';

export class Stop extends ChosenCommand {
  static override usage = { description: 'Stop containers: their stop signal, then SIGKILL' };

  ignore = Option.Boolean('-i,--ignore', false, { description: 'A missing one is no error' });
  signal = Option.String('-s,--signal', { description: 'Another `signal` than the stop signal' });
  time = stopTime();

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const names = this.chosen(paths, ({ state }) => isUp(state.status));
    const work = unlessMissing(this.ignore, async (name) => {
      await stopContainer(paths, findContainer(paths, name), { timeout: this.time, signal: this.signal });
      return name;
    });
    return forEachName(this, names, work, 50);
  }
}
