import { noSuchImage, resolveImage } from '../../core/images/find.ts';
import type { ImageRecord } from '../../core/images/format/types.ts';
import { listImages } from '../../core/images/list.ts';
import { mountedImages, mountImage } from '../../core/images/mounted.ts';
import type { Paths } from '../../core/paths.ts';
import { Option, PodCommand } from '../command.ts';
import { forEachName } from '../each.ts';
import { requireNamespace } from '../images/require-namespace.ts';
import { alignColumns } from '../output/table.ts';
import { oneOf } from '../parse.ts';
import { pathsOf } from '../paths.ts';

function named(paths: Paths, name: string): ImageRecord {
  const image = resolveImage(paths, name);
  if (image) return image;
  throw noSuchImage(name);
}

export class ImageMount extends PodCommand {
  static override usage = {
    description: 'Mount the files of images, read-only, inside of `tsc-pod unshare`',
  };

  all = Option.Boolean('-a,--all', false, { description: 'All images' });
  format = Option.String('--format', { description: 'Print json', validator: oneOf('json') });
  names = Option.Rest({ name: 'image' });

  async execute(): Promise<number> {
    requireNamespace('image mount');
    const paths = pathsOf(this);
    if (this.names.length === 0 && !this.all) return this.list(paths);
    const names = this.all ? listImages(paths).map(({ id }) => id) : this.names;
    if (names.length === 1 && !this.all) {
      this.printLine(mountImage(paths, named(paths, names[0]!)));
      return 0;
    }
    const lines: string[] = [];
    const status = await forEachName(this, names, (name) => {
      const image = named(paths, name);
      lines.push(`${image.names[0] ?? image.id}\t${mountImage(paths, image)}`);
      return undefined;
    });
    if (lines.length > 0) this.printLine(alignColumns(lines.join('\n')));
    return status;
  }

  /** What is mounted. */
  private list(paths: Paths): number {
    const mounted = mountedImages(paths);
    const images = listImages(paths).filter(({ id }) => mounted.has(id));
    if (this.format !== undefined) {
      const rows = images.map(({ id, names, digest }) => ({
        id,
        Names: [digest],
        Repositories: names,
        mountpoint: mounted.get(id),
      }));
      this.printLine(JSON.stringify(rows, null, 1));
      return 0;
    }
    const lines = images.map(({ id, names }) => `${names[0] ?? id}\t${mounted.get(id)}`);
    if (lines.length > 0) this.printLine(alignColumns(lines.join('\n')));
    return 0;
  }
}
