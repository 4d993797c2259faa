/** What is known of the containers whose namespaces a new one shares. */

import { hostname as hostHostname } from 'node:os';
import type { OciSpec } from '../../../rootless/oci-spec.ts';
import { PodError } from '../../error.ts';
import type { Paths } from '../../paths.ts';
import type { ContainerRecord } from '../record.ts';
import { findContainer, readRecord, readSpec } from '../store.ts';
import type { Containers, Namespaces } from './namespaces.ts';

export function containersIn(paths: Paths): Containers {
  return { find: (name) => findContainer(paths, name), read: (id) => readRecord(paths, id) };
}

function specOf(paths: Paths, record: ContainerRecord): OciSpec {
  const spec = readSpec(paths, record.id);
  if (spec) return spec;
  throw new PodError({ code: 'not-found', message: `no such container: ${record.name}` });
}

/** The container whose network is shared, with its config.json. */
export function sharedNetworkOf(
  paths: Paths,
  { network }: Namespaces,
): { record: ContainerRecord; spec: OciSpec } | 'host' | undefined {
  return network === undefined || network === 'host'
    ? network
    : { record: network, spec: specOf(paths, network) };
}

/** The host name of a UTS namespace that is another's. */
export function foreignHostname(paths: Paths, { modes, uts }: Namespaces): string | undefined {
  return modes.uts === 'host' ? hostHostname() : uts && specOf(paths, uts).hostname;
}
