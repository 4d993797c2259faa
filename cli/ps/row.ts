import { readHealth } from '../../core/container/health.ts';
import type { ListedContainer } from '../../core/container/list.ts';
import { networkNames } from '../../core/container/network-names.ts';
import { namespaceOf } from '../../core/container/processes.ts';
import type { ContainerRecord } from '../../core/container/record.ts';
import { isUp } from '../../core/container/state.ts';
import type { ContainerSize } from '../../core/container/written-size.ts';
import type { Paths } from '../../core/paths.ts';
import { readPod } from '../../core/pod/store.ts';
import { familiarImage } from '../familiar-image.ts';
import { labelOf, labelsText } from '../format/labels.ts';
import { ago, goTime, humanSize, shortId } from '../output/units.ts';
import { ellipsis } from '../output/width.ts';
import { portsText } from './ports.ts';
import { statusText } from './status.ts';

const COMMAND_WIDTH = 20;
const MOUNT_WIDTH = 15;

export interface RowContext {
  paths: Paths;
  /** Milliseconds since the epoch. */
  now: number;
  /** --no-trunc */
  whole: boolean;
  /** By id, where they are asked for. */
  sizes: ReadonlyMap<string, ContainerSize> | undefined;
}

/** starting, healthy or unhealthy; undefined where nothing is checked. */
export function healthOf(paths: Paths, { record }: ListedContainer): string | undefined {
  return record.health && (readHealth(paths, record)?.Status ?? 'starting');
}

/** What is mounted, as docker lists it: names of volumes, and paths of the host. */
function mountSources({ volumes, asked }: ContainerRecord): string[] {
  const binds = (asked?.volume ?? [])
    .filter((text) => /^[/.~]/.test(text))
    .map((text) => text.split(':')[0]!);
  return [...volumes.map(({ name }) => name), ...binds];
}

/** One line of `ps`: what no format asks for is not looked up. */
export function rowOf(listed: ListedContainer, { paths, now, whole, sizes }: RowContext) {
  const { record, state } = listed;
  const namespace = (kind: Parameters<typeof namespaceOf>[1]) =>
    (state.pid > 0 ? namespaceOf(state.pid, kind) : undefined)?.replace(/\D/g, '') ?? '';
  const created = Date.parse(record.created);
  return {
    ID: whole ? record.id : shortId(record.id),
    get Image() {
      return familiarImage(record.image.name);
    },
    ImageID: record.image.id,
    get Command() {
      const command = record.args.join(' ');
      return JSON.stringify(whole ? command : ellipsis(command, COMMAND_WIDTH));
    },
    get CreatedAt() {
      return goTime(created);
    },
    get RunningFor() {
      return ago(created, now);
    },
    get Created() {
      return ago(created, now);
    },
    get Status() {
      return statusText(state, isUp(state.status) ? healthOf(paths, listed) : undefined, now);
    },
    State: state.status,
    ExitCode: state.exitCode,
    Restarts: state.restarts,
    StartedAt: state.startedAt,
    ExitedAt: state.finishedAt,
    AutoRemove: record.autoRemove,
    Pid: state.pid,
    get Ports() {
      return portsText(record);
    },
    Names: record.name,
    get Labels() {
      return labelsText(record.labels);
    },
    Label: labelOf(record.labels),
    Networks: networkNames(record).join(','),
    get Mounts() {
      const sources = mountSources(record);
      return sources.map((source) => (whole ? source : ellipsis(source, MOUNT_WIDTH))).join(',');
    },
    LocalVolumes: String(record.volumes.length),
    Platform: 'linux',
    get Size() {
      const size = sizes?.get(record.id);
      return size ? `${humanSize(size.written)} (virtual ${humanSize(size.virtual)})` : '0B';
    },
    Pod: whole ? (record.pod ?? '') : shortId(record.pod ?? ''),
    get PodName() {
      return (record.pod && readPod(paths, record.pod)?.name) ?? '';
    },
    IsInfra: record.infra ?? false,
    get Namespaces() {
      return {
        Cgroup: namespace('cgroup'),
        IPC: namespace('ipc'),
        MNT: namespace('mnt'),
        NET: namespace('net'),
        PIDNS: namespace('pid'),
        UserNS: namespace('user'),
        UTS: namespace('uts'),
      };
    },
  };
}
