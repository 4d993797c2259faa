import { inspectPod } from '../../core/pod/inspect.ts';
import { containersOf, findPod } from '../../core/pod/store.ts';
import { ChosenPods } from '../chosen-pods.ts';
import { Option } from '../command.ts';
import { inspectEach } from '../inspect-each.ts';
import { pathsOf } from '../paths.ts';

export class PodInspect extends ChosenPods {
  static override usage = { description: 'Show everything about pods' };

  format = Option.String('-f,--format', { description: 'Print json, or by a Go `template`' });

  /** One pod is an object, several are a list, as podman has it. */
  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const names = this.chosen(paths);
    const isList = names.length > 1 && (this.format ?? 'json').trim() === 'json';
    return inspectEach(this, names, isList ? undefined : (this.format ?? 'json'), (name) => {
      const pod = findPod(paths, name);
      return inspectPod(paths, { pod, containers: containersOf(paths, pod) });
    });
  }
}
