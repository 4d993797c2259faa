import { killContainer } from '../../core/container/stop.ts';
import { findContainer } from '../../core/container/store.ts';
import { chooseContainers } from '../choose-containers.ts';
import { Option, PodCommand } from '../command.ts';
import { forEachName } from '../each.ts';
import { pathsOf } from '../paths.ts';

export class Kill extends PodCommand {
  static override paths = [['kill'], ['container', 'kill']];
  static override usage = { description: 'Send a signal to containers' };

  all = Option.Boolean('-a,--all', false, { description: 'All that run' });
  latest = Option.Boolean('--latest', false, { description: 'The one that was made last' });
  signal = Option.String('-s,--signal', 'KILL', { description: 'The `signal`, by name or number' });
  containers = Option.Rest({ name: 'container' });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const names = chooseContainers(paths, { ...this, names: this.containers }, 'running');
    return forEachName(this, names, (name) => {
      killContainer(paths, findContainer(paths, name), this.signal);
      return name;
    });
  }
}
