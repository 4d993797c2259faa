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
  opt = Option.Array('-o,--opt', [], { description: 'An `option` of the driver: there is none yet' });
  name = Option.String({ name: 'name', required: false });

  async execute(): Promise<number> {
    if (this.opt.length > 0)
      throw new PodError({
        code: 'unsupported',
        message: `cannot make a volume with the option ${this.opt[0]}`,
        why: 'a volume is a directory of the user',
      });
    const name = this.name ?? newId();
    createVolume(pathsOf(this), {
      name,
      anonymous: this.name === undefined,
      labels: parseKeyValues(this.label),
    });
    this.printLine(name);
    return 0;
  }
}
