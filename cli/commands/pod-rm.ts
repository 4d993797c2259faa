import { readIdFile } from '../../core/container/flags/id-file.ts';
import { removePod } from '../../core/pod/remove.ts';
import { findPod } from '../../core/pod/store.ts';
import { ChosenPods } from '../chosen-pods.ts';
import { Option } from '../command.ts';
import { exitOneIfMissing, forEachName, unlessMissing } from '../each.ts';
import { pathsOf } from '../paths.ts';
import { stopTime } from '../stop-time.ts';

export class PodRm extends ChosenPods {
  static override usage = { description: 'Remove pods with their containers' };

  force = Option.Boolean('-f,--force', false, {
    description: 'Kill those that run; a missing one is no error',
  });
  ignore = Option.Boolean('-i,--ignore', false, { description: 'A missing one is no error' });
  podIdFile = Option.Array('--pod-id-file', [], { description: 'The pod whose id is in this `file`' });
  time = stopTime('With -f: time to end before SIGKILL, -1: no limit (`seconds`)');

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const ids = this.podIdFile.map(readIdFile);
    const names =
      ids.length > 0 && this.pods.length === 0 && !this.all ? ids : [...this.chosen(paths), ...ids];
    const remove = async (name: string) => {
      const pod = findPod(paths, name);
      await removePod(paths, pod, { force: this.force, timeout: this.time });
      return pod.id;
    };
    return forEachName(this, names, exitOneIfMissing(unlessMissing(this.force || this.ignore, remove)));
  }
}
