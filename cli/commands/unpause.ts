import { resumeContainer } from '../../core/container/pause.ts';
import { findContainer } from '../../core/container/store.ts';
import { ChosenCommand } from '../chosen-command.ts';
import { forEachName } from '../each.ts';
import { pathsOf } from '../paths.ts';

export class Unpause extends ChosenCommand {
  static override usage = { description: 'Let paused containers go on' };

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    return forEachName(
      this,
      this.chosen(paths, ({ state }) => state.status === 'paused'),
      (name) => {
        resumeContainer(paths, findContainer(paths, name));
        return name;
      },
    );
  }
}
