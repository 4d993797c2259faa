import { isList } from '../../core/images/entry.ts';
import { findEntry } from '../../core/images/find.ts';
import { readIndex } from '../../core/images/layout.ts';
import { Option, PodCommand } from '../command.ts';
import { pathsOf } from '../paths.ts';

export class ManifestExists extends PodCommand {
  static override usage = { description: 'Tell by the exit status whether a list exists: 0, else 1' };

  list = Option.String({ name: 'list' });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const entry = findEntry(paths, readIndex(paths), this.list);
    return entry !== undefined && isList(entry) ? 0 : 1;
  }
}
