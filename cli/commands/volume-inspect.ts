import { PodError } from '../../core/error.ts';
import { inspectVolume } from '../../core/volume/inspect.ts';
import { findVolume, listVolumes } from '../../core/volume/store.ts';
import { Option, PodCommand } from '../command.ts';
import { formatObject } from '../format/rows.ts';
import { isTerminal } from '../output/color.ts';
import { reportError } from '../output/error.ts';
import { pathsOf } from '../paths.ts';

export class VolumeInspect extends PodCommand {
  static override usage = { description: 'Show all about volumes' };

  all = Option.Boolean('-a,--all', false, { description: 'All volumes' });
  format = Option.String('-f,--format', { description: 'A Go `template`, or json' });
  names = Option.Rest({ name: 'volume' });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const names = this.all ? listVolumes(paths).map(({ name }) => name) : this.names;
    if (names.length === 0 && !this.all)
      throw new PodError({ code: 'usage', message: 'no volume was named', hint: 'give names, or --all' });
    const found: object[] = [];
    let status = 0;
    for (const name of names) {
      try {
        found.push(inspectVolume(paths, findVolume(paths, name)));
      } catch (error) {
        status ||= reportError(error, this.context, { debug: this.debug });
      }
    }
    const terminal = isTerminal(this.context.stdout);
    if (this.format === undefined) this.print(formatObject('json', found, terminal));
    else for (const one of found) this.print(formatObject(this.format, one, terminal));
    return status;
  }
}
