import { hostFacts } from '../../core/container/facts.ts';
import { restartContainer } from '../../core/container/restart.ts';
import { isUp } from '../../core/container/state.ts';
import { findContainer } from '../../core/container/store.ts';
import { ChosenCommand } from '../chosen-command.ts';
import { Option } from '../command.ts';
import { forEachName } from '../each.ts';
import { pathsOf } from '../paths.ts';
import { stopTime } from '../stop-time.ts';

export class Restart extends ChosenCommand {
  static override usage = { description: 'Stop containers, if they run, and start them' };

  running = Option.Boolean('--running', false, { description: 'All that run' });
  signal = Option.String('-s,--signal', { description: 'Stop them by this `signal`' });
  time = stopTime();

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const context = { paths, host: hostFacts(this.context.env) };
    if (this.running) this.all = true;
    const names = this.chosen(paths, this.running ? ({ state }) => isUp(state.status) : undefined);
    const work = async (name: string) => {
      const record = findContainer(paths, name);
      await restartContainer(record, { timeout: this.time, signal: this.signal }, context);
      return name;
    };
    return forEachName(this, names, work, 16);
  }
}
