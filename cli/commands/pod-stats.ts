import type { Paths } from '../../core/paths.ts';
import { containersOf, findPod, listPods } from '../../core/pod/store.ts';
import { Option } from '../command.ts';
import { Stats } from './stats.ts';

export class PodStats extends Stats {
  static override usage = { description: 'Show what the containers of pods use' };

  override containers = Option.Rest({ name: 'pod' });

  protected override chosen(paths: Paths): string[] {
    const pods = this.containers.map((name) => findPod(paths, name));
    const listed =
      pods.length > 0
        ? pods.flatMap((pod) => containersOf(paths, pod))
        : listPods(paths).flatMap(({ containers }) => containers);
    return listed.map(({ record }) => record.id);
  }
}
