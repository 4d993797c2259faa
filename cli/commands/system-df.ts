import { PodError } from '../../core/error.ts';
import { type ContainerUsage, isReclaimable, type SystemUsage, systemUsage } from '../../core/system/df.ts';
import { Option, PodCommand } from '../command.ts';
import { usageTables } from '../df/tables.ts';
import { formatList } from '../format/rows.ts';
import { isTerminal } from '../output/color.ts';
import { humanSize } from '../output/units.ts';
import { pathsOf } from '../paths.ts';

interface Row {
  Type: string;
  TotalCount: string;
  Active: string;
  Size: string;
  Reclaimable: string;
}

const total = <T>(list: readonly T[], size: (one: T) => number): number =>
  list.reduce((sum, one) => sum + size(one), 0);

function row(type: string, count: number, active: number, size: number, reclaimable: number): Row {
  const percent = size > 0 ? ` (${Math.floor((reclaimable * 100) / size)}%)` : '';
  return {
    Type: type,
    TotalCount: String(count),
    Active: String(active),
    Size: humanSize(size, 4),
    Reclaimable: `${humanSize(reclaimable, 4)}${percent}`,
  };
}

function rowsOf({ images, imagesTotal, containers, volumes, buildCache, leftovers }: SystemUsage): Row[] {
  const size = ({ size }: { size: number }) => size;
  const idle = (list: readonly ContainerUsage[]) => list.filter(isReclaimable);
  const unused = volumes.filter(({ users }) => users.length === 0);
  const used = images.filter((image) => image.containers > 0).length;
  const running = containers.length - idle(containers).length;
  return [
    row('Images', images.length, used, imagesTotal.size, imagesTotal.reclaimable),
    row('Containers', containers.length, running, total(containers, size), total(idle(containers), size)),
    row(
      'Local Volumes',
      volumes.length,
      volumes.length - unused.length,
      total(volumes, size),
      total(unused, size),
    ),
    row('Build Cache', buildCache.count, buildCache.active, buildCache.size, buildCache.reclaimable),
    ...(leftovers > 0 ? [row('Leftovers', 0, 0, leftovers, leftovers)] : []),
  ];
}

export class SystemDf extends PodCommand {
  static override usage = { description: 'Show what takes space on the disk' };

  format = Option.String('--format', { description: 'json, table, or a Go `template`' });
  verbose = Option.Boolean('-v,--verbose', false, { description: 'Show each image, container and volume' });

  async execute(): Promise<number> {
    if (this.verbose && this.format !== undefined)
      throw new PodError({ code: 'usage', message: '--verbose and --format exclude each other' });
    const usage = systemUsage(pathsOf(this));
    const terminal = isTerminal(this.context.stdout);
    if (this.verbose) this.print(usageTables(usage, terminal));
    else
      this.print(
        formatList(this.format, {
          rows: rowsOf(usage),
          columns: '{{.Type}}\t{{.TotalCount}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}',
          headers: { TotalCount: 'TOTAL' },
          terminal,
        }),
      );
    return 0;
  }
}
