/** Where files are worked on: in a container, whatever it is doing, or on the host. See `enter` in rootless/plan.ts. */

import { compileMount } from '../../../rootless/compile.ts';
import { mapPlan, userNamespacePlan } from '../../../rootless/id-map.ts';
import type { OciSpec } from '../../../rootless/oci-spec.ts';
import type { Operation } from '../../../rootless/plan.ts';
import { PodError } from '../../error.ts';
import type { Namespace } from '../../images/unpack/apply-job.ts';
import { launcherPath } from '../../launcher.ts';
import type { Paths } from '../../paths.ts';
import type { HostFacts } from '../facts.ts';
import { mountExtras } from '../mounts/extras.ts';
import type { ContainerRecord } from '../record.ts';
import { rootOperations } from '../root.ts';
import { containerState } from '../state.ts';
import { containerDirectory, readSpec } from '../store.ts';

/** Made new for each job: between two of them a container may start or end. */
export type Place = () => Namespace;

/** What all of a container's jobs need. */
export interface PlaceParts {
  paths: Paths;
  host: HostFacts;
  record: ContainerRecord;
}

const namespaceOf = (maps: readonly Operation[]): Namespace => ({ launcher: launcherPath(), maps });

/** The host's files, as the user who calls. */
export const hostPlace: Place = () => namespaceOf([]);

/** The host's files with owners as the user's namespace has them: its root is the user. */
export function ownersNamespace(host: HostFacts): Namespace {
  return namespaceOf(userNamespacePlan(host.defaultMaps));
}

/** Joins a container that has processes; undefined when it has none. */
function joined({ paths, record }: PlaceParts): Operation[] | undefined {
  const { process } = containerState(paths, record);
  if (!process) return undefined;
  const denied = mapPlan(record.maps).filter(([name]) => name === 'setgroups');
  return [...denied, ['target', String(process.pid), process.start], ['join', 'user,mount']];
}

const OWN_WORLD = /^\/(?:dev|proc|sys)(?:\/|$)/;

/** What a container's volumes and bound files bring into its root, while it is not running. */
function bindsOf({ paths, record }: PlaceParts, spec: OciSpec): Operation[] {
  const extras = mountExtras(paths, record, spec);
  const outer = spec.mounts.filter(
    ({ destination, source }) => !OWN_WORLD.test(destination) && !source?.startsWith('container:'),
  );
  return outer
    .map((mount) => compileMount(mount, extras[mount.destination]))
    .filter(([name]) => name === 'bind' || name === 'idmap');
}

/** A container's files as its processes see them; of one that isn't running, with its volumes and binds. */
export function containerPlace(parts: PlaceParts): Place {
  const { paths, host, record } = parts;
  return () => {
    const running = joined(parts);
    if (running) return namespaceOf(running);
    const directory = containerDirectory(paths, record.id);
    const spec = readSpec(paths, record.id);
    if (!spec) throw new PodError({ code: 'not-found', message: `no such container: ${record.name}` });
    return namespaceOf([
      ...mounting(parts, directory),
      ['hold', directory],
      ...rootOperations(paths, host, record, directory),
      ...bindsOf(parts, spec),
      ...(spec.root.readonly ? [['root-readonly']] : []),
    ]);
  };
}

/** A container's root alone, without what is mounted in it: to be walked with the flag `own` only. */
export function ownRootPlace(parts: PlaceParts): Place {
  const { paths, host, record } = parts;
  return () => {
    const running = joined(parts);
    if (running) return namespaceOf(running);
    const directory = containerDirectory(paths, record.id);
    return namespaceOf([
      ...mounting(parts, directory),
      ...rootOperations(paths, host, record, directory, true),
    ]);
  };
}

function mounting({ record }: PlaceParts, directory: string): Operation[] {
  const spaces = [
    ['namespace', 'user'],
    ['namespace', 'mount'],
  ];
  return [...mapPlan(record.maps), ...spaces, ['root-target', `${directory}/rootfs`]];
}
