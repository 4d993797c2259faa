import { stopContainer } from '../../core/container/stop.ts';
import { findContainer } from '../../core/container/store.ts';
import { chooseContainers } from '../choose-containers.ts';
import { Option, PodCommand } from '../command.ts';
import { forEachName } from '../each.ts';
import { parsed, parseInteger } from '../parse.ts';
import { pathsOf } from '../paths.ts';

export class Stop extends PodCommand {
  static override paths = [['stop'], ['container', 'stop']];
  static override usage = { description: 'Stop containers: their stop signal, then SIGKILL' };

  all = Option.Boolean('-a,--all', false, { description: 'All that run' });
  latest = Option.Boolean('--latest', false, { description: 'The one that was made last' });
  time = Option.String('-t,--time,--timeout', {
    description: 'Time before SIGKILL, -1: no limit (`seconds`)',
    validator: parsed((text) => parseInteger(text, -1)),
  });
  containers = Option.Rest({ name: 'container' });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const names = chooseContainers(paths, { ...this, names: this.containers }, 'running');
    return forEachName(this, names, (name) => {
      const record = findContainer(paths, name);
      stopContainer(paths, record, this.time ?? record.stopTimeout);
      return name;
    });
  }
}
