import { clash } from '../../netns/host-port.ts';
import type { PortMapping } from '../../netns/port.ts';
import type { Paths } from '../paths.ts';
import { listContainers } from './list.ts';
import { isUp } from './state.ts';

/** Which container has a port of the host's, as a phrase for an error: "the container web". */
export function portOwner(paths: Paths, port: PortMapping): string | undefined {
  const owner = listContainers(paths).find(
    ({ record, state }) => isUp(state.status) && clash(record.network.ports, port) !== undefined,
  );
  return owner && `the container ${owner.record.name}`;
}
