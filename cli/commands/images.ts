import { imagesOf } from '../../core/container/images-in-use.ts';
import { listContainers } from '../../core/container/list.ts';
import { PodError } from '../../core/error.ts';
import { imagesWithin, listStored, type StoredImage } from '../../core/images/list.ts';
import type { Paths } from '../../core/paths.ts';
import { Option, PodCommand } from '../command.ts';
import { formatList } from '../format/rows.ts';
import { IMAGE_FILTERS, imageFilter, matchesReference } from '../images/filter.ts';
import { namedImages } from '../images/named-image.ts';
import { platformTree, TREE_COLUMNS, TREE_HEADERS } from '../images/platform-tree.ts';
import { imageRow, shownId } from '../images/row.ts';
import { SORTS, sortImages } from '../images/sort.ts';
import { isTerminal } from '../output/color.ts';
import { oneOf } from '../parse.ts';
import { pathsOf } from '../paths.ts';

export class Images extends PodCommand {
  static override usage = { category: 'Common Commands', description: 'List images' };

  all = Option.Boolean('-a,--all', false, {
    description: 'Also those without a name that others are made from',
  });
  digests = Option.Boolean('--digests', false, { description: 'Show digests' });
  filter = Option.Array('-f,--filter', [], {
    description: `Only those of a \`key=value\`: ${IMAGE_FILTERS.join(', ')}`,
  });
  format = Option.String('--format', { description: 'Print json, a table, or by a Go `template`' });
  noHeading = Option.Boolean('-n,--noheading', false, { description: 'Without the line of titles' });
  noTrunc = Option.Boolean('--no-trunc', false, { description: 'Show everything in full' });
  quiet = Option.Boolean('-q,--quiet', false, { description: 'Only the ids' });
  sort = Option.String('--sort', 'created', {
    description: `By created, id, repository, size or tag (\`field\`)`,
    validator: oneOf(...SORTS),
  });
  tree = Option.Boolean('--tree', false, { description: 'With the platforms that each is for' });
  history = Option.Boolean('--history', false, { hidden: true });
  name = Option.String({ name: 'image', required: false });

  async execute(): Promise<number> {
    if (this.history)
      throw new PodError({
        code: 'unsupported',
        message: 'cannot show --history',
        why: 'names that an image had are not kept',
        hint: 'tsc-pod events --since 24h --filter type=image   # tells what was named when',
      });
    const clash = (['quiet', 'format', 'digests'] as const).find((flag) => this.tree && this[flag]);
    if (clash) throw new PodError({ code: 'usage', message: `--tree and --${clash} are mutually exclusive` });
    const paths = pathsOf(this);
    const all = listStored(paths);
    const wanted = imageFilter(paths, this.filter, all, this.all);
    const { name, noTrunc } = this;
    const shown = sortImages(
      all
        .flatMap(namedImages)
        .filter((one) => (name === undefined || matchesReference(one, name)) && wanted(one)),
      this.sort,
    );
    if (this.quiet && this.format === undefined) {
      for (const id of new Set(shown.map(({ image }) => shownId(image.id, noTrunc)))) this.printLine(id);
      return 0;
    }
    const users = countUsers(paths);
    if (this.tree) {
      this.print(await this.treeOf(paths, [...new Set(shown.map(({ image }) => image))], users));
      return 0;
    }
    const options = { paths, noTrunc, now: Date.now(), users };
    const digest = this.digests ? '\t{{.Digest}}' : '';
    this.print(
      formatList(this.format, {
        rows: shown.map((one) => imageRow(one, options)),
        columns: `{{.Repository}}\t{{.Tag}}${digest}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}`,
        headers: { ID: 'IMAGE ID', CreatedSince: 'CREATED' },
        noHeading: this.noHeading,
        terminal: isTerminal(this.context.stdout),
      }),
    );
    return 0;
  }

  private async treeOf(
    paths: Paths,
    images: readonly StoredImage[],
    users: (image: StoredImage) => number,
  ): Promise<string> {
    const rows: object[] = [];
    for (const image of images) {
      const options = { noTrunc: this.noTrunc, used: users(image) > 0 };
      rows.push(...(await platformTree(paths, image, options)));
    }
    return formatList(undefined, {
      rows,
      columns: TREE_COLUMNS,
      headers: TREE_HEADERS,
      noHeading: this.noHeading,
      terminal: isTerminal(this.context.stdout),
    });
  }
}

/** Looks at the containers once, when the first image is asked for. */
function countUsers(paths: Paths): (image: StoredImage) => number {
  let used: string[][] | undefined;
  return ({ entry }) => {
    used ??= listContainers(paths).map(({ record }) => imagesOf(record));
    const within = imagesWithin(paths, entry);
    return used.filter((ids) => ids.some((id) => within.includes(id))).length;
  };
}
