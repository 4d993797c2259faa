import { setTimeout as delay } from 'node:timers/promises';
import { type ListedContainer, listContainers } from '../../core/container/list.ts';
import { isUp } from '../../core/container/state.ts';
import { type ContainerSize, writtenSizes } from '../../core/container/written-size.ts';
import type { Paths } from '../../core/paths.ts';
import { Option, PodCommand } from '../command.ts';
import { containerFilter } from '../container-filter.ts';
import { formatList } from '../format/rows.ts';
import { isTerminal } from '../output/color.ts';
import { warnOfDamaged } from '../output/damaged.ts';
import { shortId } from '../output/units.ts';
import { oneOf, parsed, parseInteger } from '../parse.ts';
import { pathsOf } from '../paths.ts';
import { rowOf } from '../ps/row.ts';

const COLUMNS = '{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.Created}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}';
const NAMESPACE_COLUMNS =
  '{{.ID}}\t{{.Names}}\t{{.Pid}}\t{{.Namespaces.Cgroup}}\t{{.Namespaces.IPC}}\t{{.Namespaces.MNT}}\t' +
  '{{.Namespaces.NET}}\t{{.Namespaces.PIDNS}}\t{{.Namespaces.UserNS}}\t{{.Namespaces.UTS}}';
const HEADERS = {
  ID: 'CONTAINER ID',
  Cgroup: 'CGROUPNS',
  RunningFor: 'CREATED',
  CreatedAt: 'CREATED AT',
  Pod: 'POD ID',
  PodName: 'PODNAME',
};

type Key = (one: ListedContainer) => string | number;

/** podman's --sort. */
const ORDERS = {
  command: ({ record }) => record.args.join(' '),
  created: ({ record }) => record.created,
  id: ({ record }) => record.id,
  image: ({ record }) => record.image.name,
  names: ({ record }) => record.name,
  pod: ({ record }) => record.pod ?? '',
  runningfor: ({ state }) => state.startedAt,
  status: ({ state }) => state.status,
} satisfies Record<string, Key>;

export class Ps extends PodCommand {
  static override usage = { category: 'Common Commands', description: 'List containers' };

  all = Option.Boolean('-a,--all', false, { description: 'Those that have ended, too' });
  external = Option.Boolean('--external', false, { description: 'Other tools have none here: no effect' });
  filter = Option.Array('-f,--filter', [], {
    description:
      'Only those of a `key=value`: name=web, status=exited, ancestor=IMAGE, label=a=b, volume=data, …',
  });
  format = Option.String('--format', { description: 'Print json, a table, or by a Go `template`' });
  last = Option.String('-n,--last', {
    description: 'Only the last ones that were made (`number`)',
    validator: parsed((text) => parseInteger(text, -1)),
  });
  latest = Option.Boolean('-l,--latest', false, { description: 'Only the last one that was made' });
  namespaces = Option.Boolean('--ns,--namespace', false, { description: 'Show their namespaces' });
  noHeading = Option.Boolean('--noheading', false, { description: 'Without the line of titles' });
  noTrunc = Option.Boolean('--no-trunc', false, { description: 'Show everything in full' });
  pod = Option.Boolean('-p,--pod', false, { description: 'Show the pods that they are in' });
  quiet = Option.Boolean('-q,--quiet', false, { description: 'Only the ids' });
  size = Option.Boolean('-s,--size', false, { description: 'Show how much they have written' });
  sort = Option.String('--sort', {
    description: 'By command, created, id, image, names, pod, runningfor or status (`key`)',
    validator: oneOf('command', 'created', 'id', 'image', 'names', 'pod', 'runningfor', 'status'),
  });
  sync = Option.Boolean('--sync', false, { description: 'What is shown is always in step: no effect' });
  watch = Option.String('-w,--watch', {
    description: 'Again and again, after so many `seconds`',
    validator: parsed((text) => parseInteger(text, 1, 86_400)),
  });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const { watch } = this;
    if (watch === undefined) {
      this.print(this.listing(paths));
      return 0;
    }
    for (;;) {
      const text = this.listing(paths);
      this.print(isTerminal(this.context.stdout) ? `\x1b[H\x1b[2J${text}` : text);
      await delay(Number(watch) * 1000);
    }
  }

  private listing(paths: Paths): string {
    const shown = this.choose(paths);
    if (this.quiet && this.format === undefined)
      return shown.map(({ record }) => `${this.noTrunc ? record.id : shortId(record.id)}\n`).join('');
    const context = { paths, now: Date.now(), whole: this.noTrunc, sizes: this.sizes(paths, shown) };
    return formatList(this.format, {
      rows: shown.map((one) => rowOf(one, context)),
      columns: `${this.namespaces ? NAMESPACE_COLUMNS : COLUMNS}${this.pod ? '\t{{.Pod}}\t{{.PodName}}' : ''}${this.size ? '\t{{.Size}}' : ''}`,
      headers: HEADERS,
      noHeading: this.noHeading,
      terminal: isTerminal(this.context.stdout),
    });
  }

  /** Every file that was written is looked at: only where it is asked for. */
  private sizes(paths: Paths, shown: ListedContainer[]): Map<string, ContainerSize> | undefined {
    if (!this.size && !/\.Size\b/.test(this.format ?? '')) return undefined;
    return writtenSizes(
      paths,
      shown.map(({ record }) => record),
    );
  }

  private choose(paths: Paths): ListedContainer[] {
    const everything = listContainers(
      paths,
      warnOfDamaged('container', (text) => this.warn(text)),
    );
    const filter = containerFilter(this.filter, everything, paths);
    const anyState =
      this.all || this.latest || this.last !== undefined || filter.has('status') || filter.has('exited');
    const matching = everything.filter((one) => (anyState || isUp(one.state.status)) && filter.passes(one));
    const last = this.latest ? 1 : (this.last ?? -1);
    const shown = last >= 0 ? matching.slice(0, last) : matching;
    const key: Key | undefined = this.sort && ORDERS[this.sort];
    return key ? shown.toSorted((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0)) : shown;
  }
}
