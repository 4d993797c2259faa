import type { ContainerRecord } from '../../core/container/record.ts';
import { removeContainer } from '../../core/container/remove.ts';
import { removeDamaged } from '../../core/container/remove-damaged.ts';
import { findContainer } from '../../core/container/store.ts';
import { PodError } from '../../core/error.ts';
import type { Paths } from '../../core/paths.ts';
import { ChosenCommand } from '../chosen-command.ts';
import { Option } from '../command.ts';
import { exitOneIfMissing, forEachName, unlessMissing } from '../each.ts';
import { pathsOf } from '../paths.ts';
import { stopTime } from '../stop-time.ts';

export class Rm extends ChosenCommand {
  static override usage = { description: 'Remove containers' };

  depend = Option.Boolean('--depend', false, {
    description: 'Remove those that use their namespaces, too',
  });
  force = Option.Boolean('-f,--force', false, {
    description: 'Kill those that run; a missing one is no error',
  });
  override filter = Option.Array('--filter', [], { description: 'All those of a `key=value`, as for ps' });
  ignore = Option.Boolean('-i,--ignore', false, { description: 'A missing one is no error' });
  time = stopTime('With -f: time to end before SIGKILL, -1: no limit (`seconds`)');
  volumes = Option.Boolean('-v,--volumes', false, { description: 'Remove their anonymous volumes too' });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const { depend, force, volumes } = this;
    const options = { depend, force, volumes, timeout: this.time };
    const remove = async (name: string) => {
      const record = findIt(paths, name, force);
      await (record ? removeContainer(paths, record, options) : removeDamaged(paths, name));
      return name;
    };
    // An infra container goes with its pod. Those that use others come first, which were made later: one after the other.
    const names = this.chosen(paths, ({ record }) => !record.infra);
    const work = exitOneIfMissing(unlessMissing(force || this.ignore, remove));
    return forEachName(this, names, work, force ? 8 : 1);
  }
}

/** undefined: nobody can read what it is, which is no reason to keep it where removing is forced. */
function findIt(paths: Paths, name: string, force: boolean): ContainerRecord | undefined {
  try {
    return findContainer(paths, name);
  } catch (error) {
    if (force && error instanceof PodError && error.code === 'invalid') return undefined;
    throw error;
  }
}
