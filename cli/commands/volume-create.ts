import { newId } from '../../core/container/name.ts';
import { PodError } from '../../core/error.ts';
import { createVolume } from '../../core/volume/create.ts';
import { Option, PodCommand } from '../command.ts';
import { oneOf, parseKeyValues } from '../parse.ts';
import { pathsOf } from '../paths.ts';

export class VolumeCreate extends PodCommand {
  static override usage = { description: 'Make a volume' };

  driver = Option.String('-d,--driver', 'local', {
    description: 'local (`driver`)',
    validator: oneOf('local'),
  });
  ignore = Option.Boolean('--ignore', false, {
    description: 'No effect: a volume that is there is no error',
  });
  label = Option.Array('-l,--label', [], { description: 'A `label`, key=value' });
  longName = Option.String('--name', { description: 'Its `name`, as docker once took it' });
  opt = Option.Array('-o,--opt', [], {
    description: 'An `option`: type=tmpfs, or type=none, device=/path and o=bind; o=size=1g,uid=7,ro',
  });
  name = Option.String({ name: 'name', required: false });

  async execute(): Promise<number> {
    if (this.name !== undefined && this.longName !== undefined)
      throw new PodError({ code: 'usage', message: 'the volume has two names', hint: 'leave --name out' });
    const given = this.name ?? this.longName;
    const name = given ?? newId();
    createVolume(pathsOf(this), {
      name,
      anonymous: given === undefined,
      labels: parseKeyValues(this.label),
      options: parseKeyValues(this.opt),
    });
    this.printLine(name);
    return 0;
  }
}
