import type { SystemUsage } from '../../core/system/df.ts';
import { familiarImage } from '../familiar-image.ts';
import { formatList } from '../format/rows.ts';
import { splitName } from '../images/named-image.ts';
import { ago, humanSize, shortId } from '../output/units.ts';

function table(
  rows: readonly object[],
  columns: string,
  headers: Record<string, string>,
  terminal: boolean,
): string {
  return formatList(undefined, { rows, columns, headers, terminal });
}

/** `system df -v`: a table a kind, docker's columns. */
export function usageTables(usage: SystemUsage, terminal: boolean): string {
  const now = Date.now();
  const since = (created: string | undefined) => (created ? ago(Date.parse(created), now) : 'N/A');
  const images = usage.images.map(({ image, size, shared, containers }) => {
    const { repository, tag } = splitName(image.names[0]);
    return {
      Repository: repository,
      Tag: tag,
      ID: shortId(image.id),
      CreatedSince: since(image.created),
      Size: humanSize(size, 4),
      SharedSize: humanSize(shared, 4),
      UniqueSize: humanSize(size - shared, 4),
      Containers: containers,
    };
  });
  const containers = usage.containers.map(({ record, state, size }) => ({
    ID: shortId(record.id),
    Image: familiarImage(record.image.name),
    Command: JSON.stringify(record.args.join(' ').slice(0, 20)),
    LocalVolumes: record.volumes.length,
    Size: humanSize(size, 4),
    CreatedSince: since(record.created),
    Status: state.status,
    Names: record.name,
  }));
  const volumes = usage.volumes.map(({ volume, size, users }) => ({
    Name: volume.name,
    Links: users.length,
    Size: humanSize(size, 4),
  }));
  const created = { CreatedSince: 'CREATED' };
  return [
    'Images space usage:\n',
    table(
      images,
      '{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}\t{{.SharedSize}}\t{{.UniqueSize}}\t{{.Containers}}',
      { ...created, ID: 'IMAGE ID', SharedSize: 'SHARED SIZE', UniqueSize: 'UNIQUE SIZE' },
      terminal,
    ),
    'Containers space usage:\n',
    table(
      containers,
      '{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.LocalVolumes}}\t{{.Size}}\t{{.CreatedSince}}\t{{.Status}}\t{{.Names}}',
      { ...created, ID: 'CONTAINER ID', LocalVolumes: 'LOCAL VOLUMES' },
      terminal,
    ),
    'Local Volumes space usage:\n',
    table(volumes, '{{.Name}}\t{{.Links}}\t{{.Size}}', { Name: 'VOLUME NAME' }, terminal),
    `Build cache usage: 0B\n`,
    ...(usage.leftovers > 0 ? [`Leftovers usage: ${humanSize(usage.leftovers, 4)}\n`] : []),
  ].join('\n');
}
