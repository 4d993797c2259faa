import { inspectPod } from '../../core/pod/inspect.ts';
import { containersOf, findPod } from '../../core/pod/store.ts';
import { ChosenPods } from '../chosen-pods.ts';
import { Option } from '../command.ts';
import { forEachName } from '../each.ts';
import { formatObject } from '../format/rows.ts';
import { isTerminal } from '../output/color.ts';
import { pathsOf } from '../paths.ts';

export class PodInspect extends ChosenPods {
  static override usage = { description: 'Show everything about pods' };

  format = Option.String('-f,--format', { description: 'Print json, or by a Go `template`' });

  /** One pod is an object, several are a list, as podman has it. */
  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const terminal = isTerminal(this.context.stdout);
    const names = this.chosen(paths);
    const found: object[] = [];
    const status = await forEachName(this, names, (name) => {
      const pod = findPod(paths, name);
      found.push(inspectPod(paths, { pod, containers: containersOf(paths, pod) }));
      return undefined;
    });
    const format = this.format ?? 'json';
    if (format.trim() === 'json' && names.length > 1) this.print(formatObject('json', found, terminal));
    else for (const one of found) this.print(formatObject(format, one, terminal));
    return status;
  }
}
