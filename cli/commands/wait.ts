import { waitForContainer } from '../../core/container/stop.ts';
import { findContainer } from '../../core/container/store.ts';
import { chooseContainers } from '../choose-containers.ts';
import { Option, PodCommand } from '../command.ts';
import { forEachName } from '../each.ts';
import { pathsOf } from '../paths.ts';

export class Wait extends PodCommand {
  static override paths = [['wait'], ['container', 'wait']];
  static override usage = { description: 'Wait until containers have ended and print their exit codes' };

  latest = Option.Boolean('--latest', false, { description: 'The one that was made last' });
  containers = Option.Rest({ name: 'container' });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const names = chooseContainers(paths, { names: this.containers, latest: this.latest, all: false });
    return forEachName(this, names, async (name) =>
      String(await waitForContainer(paths, findContainer(paths, name))),
    );
  }
}
