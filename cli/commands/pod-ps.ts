import { PodError } from '../../core/error.ts';
import { podStatus } from '../../core/pod/status.ts';
import { type ListedPod, listPods } from '../../core/pod/store.ts';
import { Option, PodCommand } from '../command.ts';
import { hasLabel, parseFilters, passes } from '../filter.ts';
import { labelOf, labelsText } from '../format/labels.ts';
import { formatList } from '../format/rows.ts';
import { parseMoment } from '../moment.ts';
import { isTerminal } from '../output/color.ts';
import { warnOfDamaged } from '../output/damaged.ts';
import { ago, shortId } from '../output/units.ts';
import { oneOf } from '../parse.ts';
import { pathsOf } from '../paths.ts';

const FILTERS = [
  'ctr-ids',
  'ctr-names',
  'ctr-number',
  'ctr-status',
  'id',
  'label',
  'name',
  'network',
  'status',
  'until',
];

const HEADERS = {
  ID: 'POD ID',
  InfraID: 'INFRA ID',
  NumberOfContainers: '# OF CONTAINERS',
  ContainerIds: 'IDS',
  ContainerNames: 'NAMES',
  ContainerStatuses: 'STATUS',
};

const statusOf = ({ containers }: ListedPod) => podStatus(containers.map(({ state }) => state.status));
const infraOf = ({ containers }: ListedPod) => containers.find(({ record }) => record.infra)?.record;

function rowOf(listed: ListedPod, now: number, whole: boolean) {
  const { pod, containers } = listed;
  const id = (text: string) => (whole ? text : shortId(text));
  return {
    ID: id(pod.id),
    Id: id(pod.id),
    Name: pod.name,
    Status: statusOf(listed),
    Created: ago(Date.parse(pod.created), now),
    CreatedAt: pod.created,
    InfraID: pod.infra ? id(pod.infra) : '',
    NumberOfContainers: containers.length,
    ContainerIds: containers.map(({ record }) => id(record.id)).join(','),
    ContainerNames: containers.map(({ record }) => record.name).join(','),
    ContainerStatuses: containers.map(({ state }) => state.status).join(','),
    Labels: labelsText(pod.labels),
    Label: labelOf(pod.labels),
    Networks: infraOf(listed)?.network.mode ?? '',
    Restart: pod.restart ?? 'no',
  };
}

function matches(listed: ListedPod, filters: Map<string, string[]>): boolean {
  const { pod, containers } = listed;
  return passes(filters, (key, value) => {
    switch (key) {
      case 'ctr-ids':
        return containers.some(({ record }) => record.id.startsWith(value));
      case 'ctr-names':
        return containers.some(({ record }) => record.name.includes(value));
      case 'ctr-number':
        return containers.length === Number(value);
      case 'ctr-status':
        return containers.some(({ state }) => state.status === value.toLowerCase());
      case 'id':
        return pod.id.startsWith(value);
      case 'label':
        return hasLabel(pod.labels, value);
      case 'name':
        return pod.name.includes(value);
      case 'network':
        return infraOf(listed)?.network.mode === value;
      case 'until':
        return Date.parse(pod.created) < parseMoment(value);
      default:
        return statusOf(listed).toLowerCase() === value.toLowerCase();
    }
  });
}

export class PodPs extends PodCommand {
  static override usage = { description: 'List pods' };

  ctrIds = Option.Boolean('--ctr-ids', false, { description: 'Show the ids of the containers' });
  ctrNames = Option.Boolean('--ctr-names', false, { description: 'Show the names of the containers' });
  ctrStatus = Option.Boolean('--ctr-status', false, { description: 'Show what the containers do' });
  filter = Option.Array('-f,--filter', [], { description: 'Only those of a `key=value`' });
  format = Option.String('--format', { description: 'Print json, a table, or by a Go `template`' });
  latest = Option.Boolean('-l,--latest', false, { description: 'Only the one that was made last' });
  noHeading = Option.Boolean('--noheading', false, { description: 'Without the line of titles' });
  noTrunc = Option.Boolean('--no-trunc', false, { description: 'Show ids in full' });
  ns = Option.Boolean('--ns,--namespace', false, { description: 'Show the networks, too' });
  quiet = Option.Boolean('-q,--quiet', false, { description: 'Only the ids' });
  sort = Option.String('--sort', 'created', {
    description: 'By created, id, name, number or status (`column`)',
    validator: oneOf('created', 'id', 'name', 'number', 'status'),
  });

  async execute(): Promise<number> {
    const filters = parseFilters(this.filter, FILTERS);
    if (this.quiet && this.format !== undefined)
      throw new PodError({ code: 'usage', message: '--quiet and --format exclude each other' });
    const all = listPods(
      pathsOf(this),
      warnOfDamaged('pod', (text) => this.warn(text)),
    ).filter((one) => matches(one, filters));
    const shown = this.sorted(this.latest ? all.slice(0, 1) : all);
    const now = Date.now();
    if (this.quiet) {
      for (const { pod } of shown) this.printLine(this.noTrunc ? pod.id : shortId(pod.id));
      return 0;
    }
    this.print(
      formatList(this.format, {
        rows: shown.map((one) => rowOf(one, now, this.noTrunc)),
        columns: this.columns(),
        headers: HEADERS,
        noHeading: this.noHeading,
        json: 'array',
        terminal: isTerminal(this.context.stdout),
      }),
    );
    return 0;
  }

  private columns(): string {
    const details = [
      [this.ctrIds, 'ContainerIds'],
      [this.ctrNames, 'ContainerNames'],
      [this.ctrStatus, 'ContainerStatuses'],
    ] as const;
    const wanted = details.flatMap(([on, column]) => (on ? [column] : []));
    const names = [
      ...['ID', 'Name', 'Status', 'Created', ...(this.ns ? ['Networks'] : []), 'InfraID'],
      ...(wanted.length > 0 ? wanted : ['NumberOfContainers']),
    ];
    return names.map((name) => `{{.${name}}}`).join('\t');
  }

  private sorted(list: ListedPod[]): ListedPod[] {
    const keys: Record<string, (one: ListedPod) => string | number> = {
      id: ({ pod }) => pod.id,
      name: ({ pod }) => pod.name,
      number: ({ containers }) => containers.length,
      status: statusOf,
    };
    const key = keys[this.sort];
    return key ? [...list].sort((a, b) => (key(a) < key(b) ? -1 : 1)) : list;
  }
}
