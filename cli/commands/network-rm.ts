import { removeNetwork } from '../../core/network/remove.ts';
import { Option, PodCommand } from '../command.ts';
import { forEachName, unlessMissing } from '../each.ts';
import { parsed, parseInteger } from '../parse.ts';
import { pathsOf } from '../paths.ts';

export class NetworkRm extends PodCommand {
  static override usage = { description: 'Remove networks' };

  force = Option.Boolean('-f,--force', false, {
    description: 'Remove the containers in them; a missing one is no error',
  });
  time = Option.String('-t,--time', {
    description: 'With --force: time to stop before it is killed, -1: no limit (`seconds`)',
    validator: parsed((text) => parseInteger(text, -1)),
  });
  names = Option.Rest({ name: 'network', required: 1 });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const timeout = this.time === undefined ? undefined : Number(this.time);
    return forEachName(
      this,
      this.names,
      unlessMissing(this.force, async (name) => {
        await removeNetwork(paths, name, { force: this.force, timeout });
        return name;
      }),
    );
  }
}
