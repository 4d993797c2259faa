import { listVolumes, volumeData } from '../../core/volume/store.ts';
import { volumeUsers } from '../../core/volume/users.ts';
import { Option, PodCommand } from '../command.ts';
import { hasLabel, parseFilters, passes } from '../filter.ts';
import { labelOf, labelsText } from '../format/labels.ts';
import { formatList } from '../format/rows.ts';
import { parseMoment } from '../moment.ts';
import { isTerminal } from '../output/color.ts';
import { pathsOf } from '../paths.ts';

const FILTERS = ['dangling', 'driver', 'label', 'label!', 'name', 'opt', 'scope', 'until'];
const SWARM = 'N/A';

export class VolumeLs extends PodCommand {
  static override usage = { description: 'List volumes' };

  filter = Option.Array('-f,--filter', [], {
    description: 'Only some: name=x, label=key, opt=key, dangling=true, until=1h (`filter`)',
  });
  format = Option.String('--format', { description: 'json, table, or a Go `template`' });
  noHeading = Option.Boolean('-n,--noheading', false, { description: 'Leave the first line out' });
  quiet = Option.Boolean('-q,--quiet', false, { description: 'Only names' });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const filters = parseFilters(this.filter, FILTERS);
    const volumes = listVolumes(paths).filter(({ name, driver, labels, options, created }) =>
      passes(filters, (key, value) => {
        if (key === 'dangling') return (volumeUsers(paths, name).length === 0) === /^(1|true)$/i.test(value);
        if (key === 'driver') return driver === value;
        if (key === 'label') return hasLabel(labels, value);
        if (key === 'label!') return !hasLabel(labels, value);
        if (key === 'opt') return hasLabel(options, value);
        if (key === 'scope') return value === 'local';
        if (key === 'until') return Date.parse(created) < parseMoment(value);
        return name.includes(value);
      }),
    );
    if (this.quiet && this.format === undefined) {
      for (const { name } of volumes) this.printLine(name);
      return 0;
    }
    const rows = volumes.map(({ name, driver, labels, options, created, anonymous }) => ({
      Anonymous: () => anonymous,
      Availability: SWARM,
      CreatedAt: () => created,
      Driver: driver,
      Group: SWARM,
      Label: labelOf(labels),
      Labels: labelsText(labels),
      Links: SWARM,
      Mountpoint: volumeData(paths, name),
      Name: name,
      Options: () => options,
      Scope: 'local',
      Size: SWARM,
      Status: SWARM,
    }));
    this.print(
      formatList(this.format, {
        rows,
        columns: '{{.Driver}}\t{{.Name}}',
        headers: { Name: 'VOLUME NAME' },
        noHeading: this.noHeading,
        terminal: isTerminal(this.context.stdout),
      }),
    );
    return 0;
  }
}
