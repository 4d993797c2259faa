import { join } from 'node:path';
import { cgroupPlan } from '../../rootless/cgroup/plan.ts';
import { compileProcess, compileWorld } from '../../rootless/compile.ts';
import { mapPlan, userNamespacePlan } from '../../rootless/id-map.ts';
import { reachesUser } from '../../rootless/id-map-shift.ts';
import type { OciSpec } from '../../rootless/oci-spec.ts';
import { encodePlan, type Operation } from '../../rootless/plan.ts';
import { eventsOperation } from '../events.ts';
import { leaseFile } from '../network/leases.ts';
import type { BridgeOperations } from '../network/operations.ts';
import type { Paths } from '../paths.ts';
import { volumeData, volumeDirectory } from '../volume/store.ts';
import { userFile } from '../volume/users.ts';
import { subjectFile } from './events.ts';
import { healthPlan } from './exec-plan.ts';
import type { HostFacts } from './facts.ts';
import { keepGroupsOperations } from './flags/keep-groups.ts';
import { mountExtras } from './mounts/extras.ts';
import { namespaceHolders } from './namespaces/joins.ts';
import type { ContainerRecord } from './record.ts';
import { rootOperations } from './root.ts';
import { secretFileOperations, secretVariables } from './secret-plan.ts';
import { signalNumber } from './signals.ts';
import { type StartMode, streamOperations } from './start-mode.ts';
import { containerDirectory, newRuntimeDirectory, reservation } from './store.ts';

export interface LaunchParts {
  paths: Paths;
  host: HostFacts;
  spec: OciSpec;
  record: ContainerRecord;
  mode: StartMode;
  /** Of its bridge networks: core/network/operations.ts. */
  bridge?: BridgeOperations | undefined;
}

export interface Launch {
  operations: Operation[];
  /** The command that starts the launcher, where it must be in a cgroup of its own. */
  prefix: string[];
}

/** What goes with the container at its end, when it was made with --rm. */
function removalOperations({ paths, host, record }: LaunchParts, directory: string): Operation[] {
  if (!record.autoRemove) return [];
  const trash = join(paths.trash, record.id);
  const volumes = [...new Map(record.volumes.map((volume) => [volume.name, volume])).values()];
  const trashOf = (name: string) => join(paths.trash, `volume-${name}`);
  const doomed = volumes.filter(({ anonymous }) => anonymous).map(({ name }) => trashOf(name));
  const job = () => [...userNamespacePlan(host.defaultMaps), ['remove', trash, ...doomed]];
  return [
    ['remove-at-exit', directory, trash],
    ['release-name', reservation(paths, record.name, record.id)],
    ...volumes.map(({ name, anonymous }) => [
      'release-volume',
      userFile(paths, name, record.id),
      ...(anonymous ? [volumeDirectory(paths, name), trashOf(name)] : []),
    ]),
    ...(record.network.networks ?? []).flatMap(({ name, addresses }) =>
      addresses.map((address) => ['release-address', leaseFile(paths, name, address, record.id)]),
    ),
    ...(reachesUser(host.defaultMaps, record.maps) ? [] : [['remove-by', encodePlan('enter', job())]]),
  ];
}

/** The first use of a volume copies what the image has there. */
function fillOperations({ paths, record, spec }: LaunchParts): Operation[] {
  return record.volumes
    .filter(({ fill }) => fill)
    .map(({ name, anonymous, destination, source, owner: { uid, gid } = spec.process.user }) => [
      'volume-fill',
      source ?? volumeData(paths, name),
      join(volumeDirectory(paths, name), 'first-use'),
      destination,
      String(uid),
      String(gid),
      anonymous && record.autoRemove ? '-' : 'sync',
    ]);
}

function healthOperations({ health, stopSignal, stopTimeout }: ContainerRecord): Operation[] {
  if (!health) return [];
  const { interval, timeout, startPeriod, startInterval, retries, onFailure } = health;
  const numbers = [interval, timeout, startPeriod, startInterval, retries];
  const operations: Operation[] = [['health', ...numbers.map(String)]];
  const patience = stopTimeout < 0 ? -1 : stopTimeout * 1000;
  if (onFailure !== 'none')
    operations.push(['health-action', onFailure, String(signalNumber(stopSignal)), String(patience)]);
  return operations;
}

/** Under systemd: the unit's main process is the monitor. In a unit of `generate systemd` it also says that it is ready. */
function notifyOperation({ host, record }: LaunchParts): Operation[] {
  const { notifySocket, generatedUnit } = host;
  const mode = record.sdnotify ?? (generatedUnit ? 'conmon' : 'container');
  return notifySocket && mode !== 'ignore' ? [['notify', notifySocket, mode]] : [];
}

/** A terminal has the size of the caller's from the beginning. */
function sizedTo(spec: OciSpec, size: StartMode['terminalSize']): OciSpec {
  if (!size || !spec.process.terminal) return spec;
  return { ...spec, process: { ...spec.process, consoleSize: { height: size.rows, width: size.columns } } };
}

/** Process 1 of an infra container executes nothing: it only reaps. */
function processOperations({ infra }: ContainerRecord, spec: OciSpec): Operation[] {
  const operations = [...keepGroupsOperations(spec), ...compileProcess(spec.process, spec.linux)];
  return infra ? [...operations.filter(([name]) => name !== 'exec'), ['idle']] : operations;
}

/** The whole plan of a container that is made: rootless/plan.ts says what each operation is. */
export function launchPlan(parts: LaunchParts): Launch {
  const { paths, host, record } = parts;
  const spec = sizedTo(parts.spec, parts.mode.terminalSize);
  const { id } = record;
  const directory = containerDirectory(paths, id);
  const always = parts.mode.streams.length === 0 || !record.autoRemove;
  const cgroup = cgroupPlan(host.cgroups, { id, resources: spec.linux.resources ?? {}, always });
  const operations: Operation[] = [
    ['unlink-plan'],
    ['container', id, directory],
    ['runtime', newRuntimeDirectory(paths, id)],
    eventsOperation(paths, subjectFile(directory)),
    ...removalOperations(parts, directory),
    ...streamOperations(paths, record, parts.mode),
    ...notifyOperation(parts),
    ...healthOperations(record),
    ...(record.health
      ? [
          [
            'runtime-file',
            'health-plan',
            healthPlan(spec, record.health, newRuntimeDirectory(paths, id), secretVariables(paths, record)),
          ],
        ]
      : []),
    ...(record.pidfile ? [['pid-file', record.pidfile]] : []),
    ...(parts.bridge?.maps ?? mapPlan(record.maps)),
    ...cgroup.ops,
    ...(parts.bridge?.operations ?? record.network.operations),
    ['root-target', join(directory, 'rootfs')],
    ...rootOperations(paths, host, record, directory),
    ...fillOperations(parts),
    ...compileWorld(spec, mountExtras(paths, record, spec), {
      holders: namespaceHolders(paths, record),
      last: secretFileOperations(paths, record),
    }),
    ...(record.init ? [['init']] : []),
    ...secretVariables(paths, record),
    ...processOperations(record, spec),
  ];
  return { operations, prefix: cgroup.prefix };
}
