import { overlap, type PortMapping } from '../../netns/port.ts';
import type { Paths } from '../paths.ts';
import { listContainers } from './list.ts';
import { isUp } from './state.ts';

/** Which container has a port of the host's, as a phrase for an error: "the container web". */
export function portOwner(paths: Paths, { hostIp, hostPort, protocol }: PortMapping): string | undefined {
  const owner = listContainers(paths).find(
    ({ record, state }) =>
      isUp(state.status) &&
      record.network.ports.some(
        (one) => one.hostPort === hostPort && one.protocol === protocol && overlap(one.hostIp, hostIp),
      ),
  );
  return owner && `the container ${owner.record.name}`;
}
