import { isUp } from '../../core/container/state.ts';
import { removePod } from '../../core/pod/remove.ts';
import { listPods } from '../../core/pod/store.ts';
import { Option, PodCommand } from '../command.ts';
import { forEachName } from '../each.ts';
import { pathsOf } from '../paths.ts';

export class PodPrune extends PodCommand {
  static override usage = { description: 'Remove all pods of which nothing runs' };

  force = Option.Boolean('-f,--force', false, { description: 'It never asks: no effect' });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const idle = listPods(paths).filter(
      ({ containers }) => !containers.some(({ state }) => isUp(state.status)),
    );
    const byId = new Map(idle.map(({ pod }) => [pod.id, pod]));
    return forEachName(this, [...byId.keys()], async (id) => {
      await removePod(paths, byId.get(id)!, { force: false });
      return id;
    });
  }
}
