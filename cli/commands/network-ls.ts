import { listNetworks } from '../../core/network/find.ts';
import { networkUsers } from '../../core/network/leases.ts';
import { isPredefined } from '../../core/network/predefined.ts';
import { Option, PodCommand } from '../command.ts';
import { hasLabel, parseFilters, passes } from '../filter.ts';
import { labelOf, labelsText } from '../format/labels.ts';
import { formatList } from '../format/rows.ts';
import { parseMoment } from '../moment.ts';
import { isTerminal } from '../output/color.ts';
import { pathsOf } from '../paths.ts';

const FILTERS = ['dangling', 'driver', 'id', 'label', 'label!', 'name', 'scope', 'type', 'until'];

export class NetworkLs extends PodCommand {
  static override usage = { description: 'List networks' };

  filter = Option.Array('-f,--filter', [], {
    description: 'Only some: name=x, label=key, dangling=true (`filter`)',
  });
  format = Option.String('--format', { description: 'json, table, or a Go `template`' });
  noHeading = Option.Boolean('-n,--noheading', false, { description: 'Leave the first line out' });
  noTrunc = Option.Boolean('--no-trunc', false, { description: 'Whole ids' });
  quiet = Option.Boolean('-q,--quiet', false, { description: 'Only names' });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const filters = parseFilters(this.filter, FILTERS);
    const networks = (await listNetworks(paths)).filter(({ name, id, driver, labels, created }) =>
      passes(filters, (key, value) => {
        if (key === 'dangling')
          return (
            (!isPredefined({ name }) && networkUsers(paths, name).length === 0) === /^(1|true)$/i.test(value)
          );
        if (key === 'driver') return driver === value;
        if (key === 'id') return id.startsWith(value);
        if (key === 'label') return hasLabel(labels, value);
        if (key === 'label!') return !hasLabel(labels, value);
        if (key === 'scope') return value === 'local';
        if (key === 'type') return value === (isPredefined({ name }) ? 'builtin' : 'custom');
        if (key === 'until') return Date.parse(created) < parseMoment(value);
        return name.includes(value);
      }),
    );
    if (this.quiet && this.format === undefined) {
      for (const { name } of networks) this.printLine(name);
      return 0;
    }
    const rows = networks.map(({ id, name, driver, created, internal, ipv6, labels }) => ({
      CreatedAt: created,
      Driver: driver,
      ID: this.noTrunc ? id : id.slice(0, 12),
      IPv6: ipv6,
      Internal: internal,
      Label: labelOf(labels),
      Labels: labelsText(labels),
      Name: name,
      Scope: 'local',
    }));
    this.print(
      formatList(this.format, {
        rows,
        columns: '{{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}',
        headers: { ID: 'NETWORK ID' },
        noHeading: this.noHeading,
        terminal: isTerminal(this.context.stdout),
      }),
    );
    return 0;
  }
}
