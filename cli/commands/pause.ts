import { hostFacts } from '../../core/container/facts.ts';
import { pauseContainer } from '../../core/container/pause.ts';
import { findContainer } from '../../core/container/store.ts';
import { ChosenCommand } from '../chosen-command.ts';
import { forEachName } from '../each.ts';
import { pathsOf } from '../paths.ts';

export class Pause extends ChosenCommand {
  static override usage = { description: 'Stop all processes of containers until they are unpaused' };

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const { cgroups } = hostFacts(this.context.env);
    return forEachName(
      this,
      this.chosen(paths, ({ state }) => state.status === 'running'),
      async (name) => {
        await pauseContainer(paths, findContainer(paths, name), cgroups);
        return name;
      },
    );
  }
}
