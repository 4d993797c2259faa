/** Ports of the host's: chosen, and tried before anything starts. */

import { errnoOf, PodError } from '../core/error.ts';
import { formatHostPort, overlap, type PortMapping, type PortRequest } from './port.ts';
import { type HostPortFacts, hostPortFacts, refusal } from './try-port.ts';

export { type HostPortFacts, hostPortFacts } from './try-port.ts';

/** Which of them has that port of the host's already. */
export function clash(taken: readonly PortMapping[], wish: PortMapping): PortMapping | undefined {
  return taken.find(
    (one) =>
      one.protocol === wish.protocol && one.hostPort === wish.hostPort && overlap(one.hostIp, wish.hostIp),
  );
}

const RANDOM_TRIES = 20;

async function chooseRandom(
  request: PortRequest,
  taken: readonly PortMapping[],
  facts: HostPortFacts,
): Promise<PortMapping> {
  const { hostIp, containerPort, protocol } = request;
  for (let attempt = 0; ; attempt++) {
    const mapping: PortMapping = { hostIp, hostPort: 0, containerPort, protocol };
    try {
      mapping.hostPort = await facts.tryBind(hostIp, 0, protocol);
    } catch (error) {
      throw await refusal(mapping, error, facts);
    }
    if (!clash(taken, mapping)) return mapping;
    if (attempt === RANDOM_TRIES)
      throw new PodError({
        code: 'conflict',
        message: `cannot publish ${containerPort}/${protocol}`,
        why: 'no free port was found on the host',
      });
  }
}

async function chooseInRange(
  request: PortRequest,
  [first, last]: readonly [number, number],
  taken: readonly PortMapping[],
  facts: HostPortFacts,
): Promise<PortMapping> {
  const { hostIp, containerPort, protocol } = request;
  let failed: { mapping: PortMapping; error: unknown } | undefined;
  for (let hostPort = first; hostPort <= last; hostPort++) {
    const mapping: PortMapping = { hostIp, hostPort, containerPort, protocol };
    const other = clash(taken, mapping);
    if (other && first === last) {
      throw new PodError({
        code: 'usage',
        message: `cannot publish ${formatHostPort(mapping)}`,
        why: `ports ${other.containerPort} and ${containerPort} of the container both ask for it`,
      });
    }
    if (other) continue;
    try {
      await facts.tryBind(hostIp, hostPort, protocol);
      return mapping;
    } catch (error) {
      if (facts.mayBeTaken && first === last && errnoOf(error) === 'EADDRINUSE') return mapping;
      failed ??= { mapping, error };
      if (errnoOf(error) !== 'EADDRINUSE' && errnoOf(error) !== 'EACCES') break;
    }
  }
  if (failed && first === last) throw await refusal(failed.mapping, failed.error, facts);
  if (failed && errnoOf(failed.error) !== 'EADDRINUSE')
    throw await refusal(failed.mapping, failed.error, facts);
  throw new PodError({
    code: 'conflict',
    message: `cannot publish ${containerPort}/${protocol}`,
    why: `no port from ${first} to ${last} of ${hostIp} is free`,
  });
}

/**
 * A port of the host's for each request, every one of them free a moment ago. Fixed ports come first, so that a
 * range or a random choice doesn't take one. The result has the requests' order.
 *
 * Throws PodError `conflict` (taken), `denied` (below ip_unprivileged_port_start), `usage` (asked for twice, not an
 * address of this host).
 */
export async function assignHostPorts(
  requests: readonly PortRequest[],
  facts: HostPortFacts = hostPortFacts(),
): Promise<PortMapping[]> {
  const width = ({ hostPorts }: PortRequest): number => (hostPorts ? hostPorts[1] - hostPorts[0] : 65536);
  const order = requests
    .map((request, index) => ({ request, index }))
    .sort((a, b) => width(a.request) - width(b.request) || a.index - b.index);
  const taken: PortMapping[] = [];
  const chosen = new Map<number, PortMapping>();
  for (const { request, index } of order) {
    const twin = taken.find((one) => isSame(one, request));
    if (twin) continue; // docker takes `-p 80:80 -p 80:80` for one
    const mapping = request.hostPorts
      ? await chooseInRange(request, request.hostPorts, taken, facts)
      : await chooseRandom(request, taken, facts);
    taken.push(mapping);
    chosen.set(index, mapping);
  }
  return [...chosen].sort(([a], [b]) => a - b).map(([, mapping]) => mapping);
}

function isSame(mapping: PortMapping, request: PortRequest): boolean {
  const [first, last] = request.hostPorts ?? [0, 0];
  return (
    first === last &&
    mapping.hostPort === first &&
    mapping.hostIp === request.hostIp &&
    mapping.containerPort === request.containerPort &&
    mapping.protocol === request.protocol
  );
}

/** Tries ports that were chosen earlier again, before a container starts anew. Throws as assignHostPorts does. */
export async function checkPortsFree(
  mappings: readonly PortMapping[],
  facts: HostPortFacts = hostPortFacts(),
): Promise<void> {
  for (const mapping of mappings) {
    try {
      await facts.tryBind(mapping.hostIp, mapping.hostPort, mapping.protocol);
    } catch (error) {
      throw await refusal(mapping, error, facts);
    }
  }
}
