import { listSecrets } from '../../core/secret/store.ts';
import { Option, PodCommand } from '../command.ts';
import { parseFilters, passes } from '../filter.ts';
import { formatList } from '../format/rows.ts';
import { isTerminal } from '../output/color.ts';
import { ago } from '../output/units.ts';
import { pathsOf } from '../paths.ts';

export class SecretLs extends PodCommand {
  static override usage = { description: 'List secrets' };

  filter = Option.Array('-f,--filter', [], { description: 'Only some: name=x, id=x (`filter`)' });
  format = Option.String('--format', { description: 'json, table, or a Go `template`' });
  noHeading = Option.Boolean('-n,--noheading', false, { description: 'Leave the first line out' });
  quiet = Option.Boolean('-q,--quiet', false, { description: 'Only ids' });

  async execute(): Promise<number> {
    const filters = parseFilters(this.filter, ['id', 'name']);
    const secrets = listSecrets(pathsOf(this)).filter(({ id, name }) =>
      passes(filters, (key, value) => (key === 'id' ? id.startsWith(value) : name.includes(value))),
    );
    if (this.quiet && this.format === undefined) {
      for (const { id } of secrets) this.printLine(id);
      return 0;
    }
    const now = Date.now();
    this.print(
      formatList(this.format, {
        rows: secrets.map(({ id, name, created, updated, labels }) => ({
          ID: id,
          Name: name,
          Driver: 'file',
          CreatedAt: ago(Date.parse(created), now),
          UpdatedAt: ago(Date.parse(updated), now),
          Labels: Object.entries(labels)
            .map(([key, value]) => `${key}=${value}`)
            .join(','),
        })),
        columns: '{{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.CreatedAt}}\t{{.UpdatedAt}}',
        headers: { CreatedAt: 'CREATED', UpdatedAt: 'UPDATED' },
        noHeading: this.noHeading,
        terminal: isTerminal(this.context.stdout),
      }),
    );
    return 0;
  }
}
