import { join } from 'node:path';
import { compileProcess, compileWorld } from '../../rootless/compile.ts';
import { mapPlan } from '../../rootless/id-map.ts';
import type { OciSpec } from '../../rootless/oci-spec.ts';
import type { Operation } from '../../rootless/plan.ts';
import type { Paths } from '../paths.ts';
import type { ContainerRecord, LogSettings } from './record.ts';
import { runtimeDirectory } from './store.ts';

/** How this start is made: what differs between `run`, `run -d`, `start` and `start -a` of one container. */
export interface StartMode {
  detach: boolean;
}

export interface LaunchParts {
  paths: Paths;
  /** Where the container's files are. */
  directory: string;
  spec: OciSpec;
  record: ContainerRecord;
  /** Operations that mount the root: rootless/overlay. */
  root: readonly Operation[];
  /** Operations that make the limits: rootless/cgroup. */
  cgroup: readonly Operation[];
  hints: ReadonlyMap<string, string>;
  mode: StartMode;
}

/** Where the log goes: a file, nowhere, or straight through to the caller's own streams. */
function streamOperations({ record, directory, mode }: LaunchParts): Operation[] {
  const { log, interactive, tty } = record;
  const operations: Operation[] = [];
  if (mode.detach) operations.push(['detach'], ['stdin', interactive && !tty ? 'pipe' : 'null']);
  else operations.push(['stdin', interactive ? 'inherit' : 'null']);
  operations.push(['output', outputOf(log, mode)]);
  if (log.driver === 'k8s-file' || log.driver === 'json-file')
    operations.push(['log', join(directory, 'log'), log.driver, String(log.maxSize), String(log.maxFiles)]);
  if (record.detachKeys) operations.push(['detach-keys', detachBytes(record.detachKeys)]);
  return operations;
}

function outputOf(log: LogSettings, mode: StartMode): 'inherit' | 'null' | 'log' {
  if (log.driver === 'passthrough') return 'inherit';
  if (log.driver === 'none') return mode.detach ? 'null' : 'inherit';
  return 'log';
}

/** Docker's notation: `ctrl-p,ctrl-q`, single letters, and ctrl- with a letter or one of @ [ \ ] ^ _. */
export function detachBytes(keys: string): string {
  return keys
    .split(',')
    .map((key) => (key.startsWith('ctrl-') ? String.fromCharCode(key.charCodeAt(5) & 0x1f) : key))
    .join('');
}

/** The whole plan of a container: rootless/plan.ts says what each operation is. */
export function launchPlan(parts: LaunchParts): Operation[] {
  const { paths, directory, record, spec } = parts;
  const operations: Operation[] = [
    ['unlink-plan'],
    ['container', record.id, directory],
    ['runtime', runtimeDirectory(paths, record.id)],
  ];
  if (record.autoRemove) {
    operations.push(
      ['remove-at-exit', directory, join(paths.trash, record.id)],
      ['release-name', join(paths.names, record.name)],
    );
    for (const volume of record.volumes)
      if (volume.anonymous) operations.push(['remove-volume-at-exit', join(paths.volumes, volume.name)]);
  }
  operations.push(...streamOperations(parts));
  if (record.pidfile) operations.push(['pid-file', record.pidfile]);
  operations.push(...mapPlan(record.maps), ...parts.cgroup, ...record.network.operations);
  operations.push(['root-target', join(directory, 'rootfs')], ...parts.root);
  operations.push(...compileWorld(spec, parts.hints));
  if (record.init) operations.push(['init']);
  operations.push(...compileProcess(spec.process, spec.linux));
  return operations;
}
