import { readHealth } from '../../core/container/health.ts';
import { type ListedContainer, listContainers } from '../../core/container/list.ts';
import { isUp } from '../../core/container/state.ts';
import { PodError } from '../../core/error.ts';
import type { Paths } from '../../core/paths.ts';
import { Option, PodCommand } from '../command.ts';
import { familiarImage } from '../familiar-image.ts';
import { hasLabel, parseFilters, passes } from '../filter.ts';
import { formatList } from '../format/rows.ts';
import { isTerminal } from '../output/color.ts';
import { ago, humanDuration, shortId } from '../output/units.ts';
import { ellipsis } from '../output/width.ts';
import { parsed, parseInteger } from '../parse.ts';
import { pathsOf } from '../paths.ts';

const FILTERS = [
  'ancestor',
  'before',
  'exited',
  'health',
  'id',
  'label',
  'name',
  'network',
  'since',
  'status',
  'volume',
];
const COMMAND_WIDTH = 20;

/** `none` where nothing is checked, as the filter health= has it. */
function healthOf(paths: Paths, { record }: ListedContainer): string {
  return record.health ? (readHealth(paths, record)?.Status ?? 'starting') : 'none';
}

/** Docker's words behind the status. */
const HEALTH_WORDS: Record<string, string> = {
  none: '',
  starting: ' (health: starting)',
  healthy: ' (healthy)',
  unhealthy: ' (unhealthy)',
};

function statusText({ state }: ListedContainer, health: string, now: number): string {
  const since = (seconds: number) => humanDuration(now - seconds * 1000);
  if (state.status === 'running') return `Up ${since(state.startedAt)}${HEALTH_WORDS[health]}`;
  if (state.status === 'created') return 'Created';
  if (state.status === 'restarting') return `Restarting (${state.exitCode}) ${since(state.finishedAt)} ago`;
  return `Exited (${state.exitCode})${state.finishedAt > 0 ? ` ${since(state.finishedAt)} ago` : ''}`;
}

function portsText({ record }: ListedContainer): string {
  const published = record.network.ports.map(
    (port) =>
      `${port.hostIp.includes(':') ? `[${port.hostIp}]` : port.hostIp}:${port.hostPort}->${port.containerPort}/${port.protocol}`,
  );
  const taken = new Set(record.network.ports.map((port) => `${port.containerPort}/${port.protocol}`));
  return [...published, ...record.network.exposed.filter((port) => !taken.has(port))].join(', ');
}

/** docker takes the name filter as a regular expression. */
function namePattern(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (cause) {
    throw new PodError({
      code: 'usage',
      message: `invalid filter name=${text}`,
      why: (cause as Error).message,
      cause,
    });
  }
}

function rowOf(paths: Paths, listed: ListedContainer, now: number, whole: boolean) {
  const { record, state } = listed;
  const command = record.args.join(' ');
  const image = familiarImage(record.image.name);
  return {
    ID: whole ? record.id : shortId(record.id),
    Image: image,
    ImageID: record.image.id,
    Command: JSON.stringify(whole ? command : ellipsis(command, COMMAND_WIDTH)),
    CreatedAt: record.created,
    RunningFor: ago(Date.parse(record.created), now),
    Created: ago(Date.parse(record.created), now),
    Status: statusText(listed, healthOf(paths, listed), now),
    State: state.status,
    ExitCode: state.exitCode,
    Pid: state.pid,
    Ports: portsText(listed),
    Names: record.name,
    Labels: Object.entries(record.labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
    Label: (name: string) => record.labels[name] ?? '',
    Networks: record.network.mode,
    Mounts: record.volumes.map((volume) => volume.name).join(','),
    Size: '0B',
  };
}

export class Ps extends PodCommand {
  static override paths = [['ps'], ['container', 'ps'], ['container', 'ls'], ['container', 'list']];
  static override usage = { description: 'List containers' };

  all = Option.Boolean('-a,--all', false, { description: 'Those that have ended, too' });
  filter = Option.Array('-f,--filter', [], { description: 'Only those of a `key=value`' });
  format = Option.String('--format', { description: 'Print json, a table, or by a Go `template`' });
  last = Option.String('-n,--last', {
    description: 'Only the last ones that were made (`number`)',
    validator: parsed((text) => parseInteger(text, -1)),
  });
  latest = Option.Boolean('-l,--latest', false, { description: 'Only the last one that was made' });
  noHeading = Option.Boolean('--noheading', false, { description: 'Without the line of titles' });
  noTrunc = Option.Boolean('--no-trunc', false, { description: 'Show everything in full' });
  quiet = Option.Boolean('-q,--quiet', false, { description: 'Only the ids' });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const filters = parseFilters(this.filter, FILTERS);
    const everything = listContainers(paths);
    const anyState =
      this.all || this.latest || this.last !== undefined || filters.has('status') || filters.has('exited');
    const matching = everything.filter(
      (one) => (anyState || isUp(one.state.status)) && this.matches(paths, one, filters, everything),
    );
    const last = this.latest ? 1 : (this.last ?? -1);
    const shown = last >= 0 ? matching.slice(0, last) : matching;
    const now = Date.now();
    if (this.quiet && this.format === undefined) {
      for (const { record } of shown) this.printLine(this.noTrunc ? record.id : shortId(record.id));
      return 0;
    }
    this.print(
      formatList(this.format, {
        rows: shown.map((one) => rowOf(paths, one, now, this.noTrunc)),
        columns: '{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.Created}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}',
        headers: { ID: 'CONTAINER ID' },
        noHeading: this.noHeading,
        terminal: isTerminal(this.context.stdout),
      }),
    );
    return 0;
  }

  private matches(
    paths: Paths,
    one: ListedContainer,
    filters: Map<string, string[]>,
    all: ListedContainer[],
  ): boolean {
    const { record, state } = one;
    const created = (name: string) =>
      all.find((other) => other.record.name === name || other.record.id.startsWith(name))?.record.created ??
      '';
    return passes(filters, (key, value) => {
      switch (key) {
        case 'health':
          return healthOf(paths, one) === value;
        case 'id':
          return record.id.startsWith(value);
        case 'name':
          return namePattern(value).test(record.name);
        case 'status':
          return state.status === value;
        case 'exited':
          return state.status === 'exited' && String(state.exitCode) === value;
        case 'label':
          return hasLabel(record.labels, value);
        case 'ancestor':
          return (
            [record.image.name, record.image.asked, familiarImage(record.image.name)].includes(value) ||
            record.image.id.startsWith(value)
          );
        case 'network':
          return record.network.mode === value;
        case 'volume':
          return record.volumes.some((volume) => volume.name === value || volume.destination === value);
        case 'before':
          return record.created < created(value);
        default:
          return record.created > created(value);
      }
    });
  }
}
