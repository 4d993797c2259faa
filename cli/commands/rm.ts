import { removeContainer } from '../../core/container/remove.ts';
import { findContainer } from '../../core/container/store.ts';
import { PodError } from '../../core/error.ts';
import { chooseContainers } from '../choose-containers.ts';
import { Option, PodCommand } from '../command.ts';
import { forEachName } from '../each.ts';
import { pathsOf } from '../paths.ts';

export class Rm extends PodCommand {
  static override paths = [['rm'], ['container', 'rm'], ['container', 'remove']];
  static override usage = { description: 'Remove containers' };

  all = Option.Boolean('-a,--all', false, { description: 'All containers' });
  depend = Option.Boolean('--depend', false, {
    description: 'Remove those that use their namespaces, too',
  });
  force = Option.Boolean('-f,--force', false, {
    description: 'Kill those that run; a missing one is no error',
  });
  latest = Option.Boolean('--latest', false, { description: 'The one that was made last' });
  volumes = Option.Boolean('-v,--volumes', false, { description: 'Remove their anonymous volumes too' });
  containers = Option.Rest({ name: 'container' });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const names = chooseContainers(paths, { ...this, names: this.containers });
    return forEachName(this, names, (name) => {
      try {
        removeContainer(paths, findContainer(paths, name), this);
      } catch (error) {
        if (!(error instanceof PodError) || error.code !== 'not-found') throw error;
        if (this.force) return undefined;
        throw new PodError({
          code: 'not-found',
          message: error.message,
          ...(error.hint && { hint: error.hint }),
          exitCode: 1,
        });
      }
      return name;
    });
  }
}
