import { listImages } from '../../core/images/list.ts';
import type { ImageRecord } from '../../core/images/types.ts';
import { Option, PodCommand } from '../command.ts';
import { familiarImage } from '../familiar-image.ts';
import { hasLabel, parseFilters, passes } from '../filter.ts';
import { formatList } from '../format/rows.ts';
import { isTerminal } from '../output/color.ts';
import { ago, humanSize, shortId } from '../output/units.ts';
import { pathsOf } from '../paths.ts';

const FILTERS = ['before', 'dangling', 'id', 'label', 'reference', 'since'];

interface Named {
  image: ImageRecord;
  repository: string;
  tag: string;
}

/** One line for each name, as docker has it; `<none>` for what has none. */
function namesOf(image: ImageRecord): Named[] {
  if (image.names.length === 0) return [{ image, repository: '<none>', tag: '<none>' }];
  return image.names.map((name) => {
    const familiar = familiarImage(name);
    const [bare = familiar] = familiar.split('@');
    const colon = bare.lastIndexOf(':');
    const tagged = colon > bare.lastIndexOf('/') && !name.startsWith('builtin:');
    return {
      image,
      repository: tagged ? bare.slice(0, colon) : bare,
      tag: tagged ? bare.slice(colon + 1) : '<none>',
    };
  });
}

/** docker's reference filter: a name, with `*` for any part without a slash. */
function matchesReference(one: Named, pattern: string): boolean {
  const expression = new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '[^/]*')
      .replaceAll('?', '[^/]')}$`,
  );
  return expression.test(one.repository) || expression.test(`${one.repository}:${one.tag}`);
}

export class Images extends PodCommand {
  static override paths = [['images'], ['image', 'ls'], ['image', 'list']];
  static override usage = { category: 'Common Commands', description: 'List images' };

  all = Option.Boolean('-a,--all', false, { description: 'All of them' });
  digests = Option.Boolean('--digests', false, { description: 'Show digests' });
  filter = Option.Array('-f,--filter', [], {
    description: `Only those of a \`key=value\`: ${FILTERS.join(', ')}`,
  });
  format = Option.String('--format', { description: 'Print json, a table, or by a Go `template`' });
  noHeading = Option.Boolean('-n,--noheading', false, { description: 'Without the line of titles' });
  noTrunc = Option.Boolean('--no-trunc', false, { description: 'Show everything in full' });
  quiet = Option.Boolean('-q,--quiet', false, { description: 'Only the ids' });
  name = Option.String({ name: 'name', required: false });

  async execute(): Promise<number> {
    const all = listImages(pathsOf(this));
    const filters = parseFilters(this.filter, FILTERS);
    const shown = all
      .flatMap(namesOf)
      .filter((one) => this.matches(one, filters, all))
      .sort((a, b) => ((a.image.created ?? '') < (b.image.created ?? '') ? 1 : -1));
    const idOf = ({ image }: Named) => (this.noTrunc ? `sha256:${image.id}` : shortId(image.id));
    if (this.quiet && this.format === undefined) {
      for (const id of new Set(shown.map(idOf))) this.printLine(id);
      return 0;
    }
    const now = Date.now();
    const rows = shown.map((one) => ({
      ID: idOf(one),
      Repository: one.repository,
      Tag: one.tag,
      Digest: one.image.digest,
      CreatedAt: one.image.created ?? '',
      CreatedSince: one.image.created ? ago(Date.parse(one.image.created), now) : 'N/A',
      Created: one.image.created ? ago(Date.parse(one.image.created), now) : 'N/A',
      Size: humanSize(one.image.size),
      Names: one.image.names,
      Labels: one.image.config.config?.Labels ?? {},
    }));
    const digest = this.digests ? '\t{{.Digest}}' : '';
    this.print(
      formatList(this.format, {
        rows,
        columns: `{{.Repository}}\t{{.Tag}}${digest}\t{{.ID}}\t{{.Created}}\t{{.Size}}`,
        headers: { ID: 'IMAGE ID', CreatedSince: 'CREATED' },
        noHeading: this.noHeading,
        terminal: isTerminal(this.context.stdout),
      }),
    );
    return 0;
  }

  private matches(one: Named, filters: Map<string, string[]>, all: ImageRecord[]): boolean {
    if (this.name !== undefined && !matchesReference(one, this.name) && one.repository !== this.name)
      return false;
    const created = (name: string) =>
      all.find(
        (image) => image.id.startsWith(name) || image.names.some((other) => familiarImage(other) === name),
      )?.created ?? '';
    return passes(filters, (key, value) => {
      switch (key) {
        case 'dangling':
          return (one.image.names.length === 0) === (value === 'true');
        case 'id':
          return one.image.id.startsWith(value);
        case 'label':
          return hasLabel(one.image.config.config?.Labels ?? {}, value);
        case 'reference':
          return matchesReference(one, value);
        case 'before':
          return (one.image.created ?? '') < created(value);
        default:
          return (one.image.created ?? '') > created(value);
      }
    });
  }
}
