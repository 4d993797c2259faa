import { type Change, changesOf } from '../../core/container/changes.ts';
import { hostFacts } from '../../core/container/facts.ts';
import { chooseContainer } from '../choose-containers.ts';
import { Option, PodCommand } from '../command.ts';
import { toJson } from '../format/values.ts';
import { isTerminal } from '../output/color.ts';
import { escapeControls } from '../output/escape.ts';
import { oneOf } from '../parse.ts';
import { pathsOf } from '../paths.ts';

const KEYS = { A: 'added', C: 'changed', D: 'deleted' } as const;
const text = (path: string): string => Buffer.from(path, 'latin1').toString();

/** podman's shape. */
function grouped(changes: readonly Change[]): Record<string, string[]> {
  const groups: Record<string, string[]> = {};
  for (const [kind, key] of Object.entries(KEYS)) {
    const paths = changes.filter((change) => change.kind === kind).map(({ path }) => text(path));
    if (paths.length > 0) groups[key] = paths;
  }
  return groups;
}

export class Diff extends PodCommand {
  static override usage = { description: 'List the files that a container has changed' };

  format = Option.String('--format', { description: 'Print json', validator: oneOf('json') });
  latest = Option.Boolean('-l,--latest', false, { description: 'The container that was made last' });
  container = Option.String({ name: 'container', required: false });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const record = chooseContainer(paths, this.container, this.latest);
    const list = await changesOf({ paths, host: hostFacts(this.context.env), record });
    if (this.format !== undefined) this.printLine(toJson(grouped(list), 4));
    else {
      const shown = isTerminal(this.context.stdout) ? escapeControls : String;
      this.print(list.map(({ kind, path }) => `${kind} ${shown(text(path))}\n`).join(''));
    }
    return 0;
  }
}
