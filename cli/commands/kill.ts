import { isUp } from '../../core/container/state.ts';
import { killContainer } from '../../core/container/stop.ts';
import { findContainer } from '../../core/container/store.ts';
import { ChosenCommand } from '../chosen-command.ts';
import { Option } from '../command.ts';
import { forEachName } from '../each.ts';
import { pathsOf } from '../paths.ts';

export class Kill extends ChosenCommand {
  static override usage = { description: 'Send a signal to containers' };

  signal = Option.String('-s,--signal', 'KILL', { description: 'The `signal`, by name or number' });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    return forEachName(
      this,
      this.chosen(paths, ({ state }) => isUp(state.status)),
      (name) => {
        killContainer(paths, findContainer(paths, name), this.signal);
        return name;
      },
    );
  }
}
