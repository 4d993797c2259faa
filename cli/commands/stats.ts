import { setTimeout as delay } from 'node:timers/promises';
import { hostFacts } from '../../core/container/facts.ts';
import { type ListedContainer, listContainers } from '../../core/container/list.ts';
import { isUp } from '../../core/container/state.ts';
import { findContainer } from '../../core/container/store.ts';
import { cpuPercent, type Usage, usageOf } from '../../core/container/usage.ts';
import { PodError } from '../../core/error.ts';
import type { Paths } from '../../core/paths.ts';
import { Option, PodCommand } from '../command.ts';
import { formatList } from '../format/rows.ts';
import { isTerminal } from '../output/color.ts';
import { warnOfDamaged } from '../output/damaged.ts';
import { bytesSize, humanSize, shortId } from '../output/units.ts';
import { parsed, parseInteger } from '../parse.ts';
import { pathsOf } from '../paths.ts';

/** Milliseconds between the two looks that one figure of CPU use takes. */
const FIRST_LOOK = 500;
const UNKNOWN = '--';
const COLUMNS =
  '{{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}\t{{.PIDs}}';
const HEADERS = {
  ID: 'CONTAINER ID',
  CPUPerc: 'CPU %',
  MemUsage: 'MEM USAGE / LIMIT',
  MemPerc: 'MEM %',
  NetIO: 'NET I/O',
  BlockIO: 'BLOCK I/O',
  PIDs: 'PIDS',
};

type Usages = ReadonlyMap<string, Usage>;

const percent = (value: number | undefined): string =>
  value === undefined ? UNKNOWN : `${value.toFixed(2)}%`;

function both(
  first: number | undefined,
  second: number | undefined,
  size: (bytes: number) => string,
): string {
  const shown = (bytes: number | undefined) => (bytes === undefined ? UNKNOWN : size(bytes));
  return `${shown(first)} / ${shown(second)}`;
}

function rowOf({ record }: ListedContainer, before: Usages, now: Usages, whole: boolean) {
  const usage = now.get(record.id);
  const { memory, network, block, tasks } = usage ?? {};
  return {
    BlockIO: both(block?.read, block?.written, humanSize),
    CPUPerc: percent(cpuPercent(before.get(record.id), usage)),
    Container: record.name,
    ID: whole ? record.id : shortId(record.id),
    MemPerc: percent(memory && (memory.used / memory.limit) * 100),
    MemUsage: both(memory?.used, memory?.limit, bytesSize),
    Name: record.name,
    NetIO: both(network?.received, network?.sent, humanSize),
    PIDs: tasks === undefined ? UNKNOWN : String(tasks),
  };
}

export class Stats extends PodCommand {
  private readonly told = new Set<string>();
  static override usage = { description: 'Show what containers use' };

  all = Option.Boolean('-a,--all', false, { description: 'Those that have ended, too' });
  format = Option.String('--format', { description: 'Print json, a table, or by a Go `template`' });
  interval = Option.String('-i,--interval', '1', {
    description: 'Time between two looks (`seconds`)',
    validator: parsed((text) => parseInteger(text, 1, 86_400)),
  });
  latest = Option.Boolean('-l,--latest', false, { description: 'Only the one that was made last' });
  noReset = Option.Boolean('--no-reset', false, { description: 'Below each other, not in place' });
  noStream = Option.Boolean('--no-stream', false, { description: 'Once' });
  noTrunc = Option.Boolean('--no-trunc', false, { description: 'Show everything in full' });
  containers = Option.Rest({ name: 'container' });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    if ([this.all, this.latest, this.containers.length > 0].filter(Boolean).length > 1)
      throw new PodError({ code: 'usage', message: 'names, --all and --latest exclude each other' });
    const ids = this.chosen(paths);
    const { mount } = hostFacts(this.context.env).cgroups;
    const first = this.choose(paths, ids);
    let before = usageOf(first, mount);
    if (first.some(({ state }) => isUp(state.status))) await delay(FIRST_LOOK);
    for (;;) {
      const listed = this.choose(paths, ids);
      const now = usageOf(listed, mount);
      this.show(listed, before, now);
      const ended = (ids.length > 0 || this.latest) && !listed.some(({ state }) => isUp(state.status));
      if (this.noStream || ended) return 0;
      before = now;
      await delay(Number(this.interval) * 1000);
    }
  }

  protected chosen(paths: Paths): string[] {
    return this.containers.map((name) => findContainer(paths, name).id);
  }

  /** What is shown again and again warns once. */
  private tellOnce(text: string): void {
    if (!this.told.has(text)) this.warn(text);
    this.told.add(text);
  }

  private choose(paths: Paths, ids: readonly string[]): ListedContainer[] {
    const everything = listContainers(
      paths,
      warnOfDamaged('container', (text) => this.tellOnce(text)),
    );
    if (ids.length > 0) return ids.flatMap((id) => everything.filter(({ record }) => record.id === id));
    if (this.latest) return everything.slice(0, 1);
    return everything.filter(({ state }) => this.all || isUp(state.status));
  }

  private show(listed: readonly ListedContainer[], before: Usages, now: Usages): void {
    const terminal = isTerminal(this.context.stdout);
    const text = formatList(this.format, {
      rows: listed.map((one) => rowOf(one, before, now, this.noTrunc)),
      columns: COLUMNS,
      headers: HEADERS,
      terminal,
    });
    const inPlace = terminal && !this.noStream && !this.noReset && this.format !== 'json';
    // From the top left corner; each line is wiped to its end, and what is below the last one.
    this.print(inPlace ? `\x1b[H${text.replaceAll('\n', '\x1b[K\n')}\x1b[J` : text);
  }
}
