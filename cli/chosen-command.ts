import type { ListedContainer } from '../core/container/list.ts';
import type { Paths } from '../core/paths.ts';
import { chooseContainers } from './choose-containers.ts';
import { Option, PodCommand } from './command.ts';

/** The flags of commands that do one thing to several containers. */
export abstract class ChosenCommand extends PodCommand {
  all = Option.Boolean('-a,--all', false, { description: 'All containers that it can be done to' });
  cidfile = Option.Array('--cidfile', [], { description: 'The container whose id is in this `file`' });
  filter = Option.Array('-f,--filter', [], { description: 'All those of a `key=value`, as for ps' });
  latest = Option.Boolean('-l,--latest', false, { description: 'The one that was made last' });
  containers = Option.Rest({ name: 'container' });

  /** Names and ids; `meant`: which ones --all and --filter mean. */
  protected chosen(paths: Paths, meant?: (one: ListedContainer) => boolean): string[] {
    return chooseContainers(paths, { ...this, names: this.containers }, meant);
  }
}
