import { PodError } from '../../core/error.ts';
import type { Paths } from '../../core/paths.ts';
import { containersOf, findPod, listPods } from '../../core/pod/store.ts';
import { Option } from '../command.ts';
import { Logs } from './logs.ts';

export class PodLogs extends Logs {
  static override usage = { description: 'Show what the containers of a pod have written' };

  container = Option.String('-c,--container', { description: 'Only this `container`' });

  protected override chosen(paths: Paths): string[] {
    const wishes = this.latest
      ? listPods(paths)
          .slice(0, 1)
          .map(({ pod }) => pod.id)
      : this.containers;
    if (wishes.length !== 1) throw new PodError({ code: 'usage', message: 'one pod must be named' });
    const all = containersOf(paths, findPod(paths, wishes[0]!)).filter(({ record }) => !record.infra);
    const { container } = this;
    const found = all.filter(
      ({ record }) => container === undefined || record.name === container || record.id.startsWith(container),
    );
    if (container !== undefined && found.length === 0)
      throw new PodError({
        code: 'not-found',
        message: `no container ${container} in pod ${wishes[0]}`,
        hint: 'tsc-pod pod ps --ctr-names',
      });
    return found.map(({ record }) => record.id).reverse();
  }
}
