import type { OciNamespace } from '../../rootless/oci-spec.ts';
import { PodError } from '../error.ts';
import type { ContainerOptions } from './options.ts';

type Kind = 'ipc' | 'pid' | 'uts' | 'cgroupns';

function wishOf(options: ContainerOptions, kind: Kind): 'private' | 'host' {
  const wish = options[kind];
  if (wish === undefined || wish === 'private' || wish === '' || (kind === 'ipc' && wish === 'shareable'))
    return 'private';
  if (wish === 'host' && kind !== 'pid') return 'host';
  throw new PodError({
    code: 'unsupported',
    message: `cannot use --${kind} ${wish}`,
    why: "only private namespaces and, but for pid, the host's are there yet",
  });
}

/** The namespaces of a container; `network` is undefined where it has the host's. */
export function namespacesOf(options: ContainerOptions, network: OciNamespace | undefined): OciNamespace[] {
  const spaces: OciNamespace[] = [{ type: 'user' }, { type: 'mount' }, { type: 'pid' }];
  for (const kind of ['ipc', 'uts'] as const)
    if (wishOf(options, kind) === 'private') spaces.push({ type: kind });
  if (network) spaces.push(network);
  if (wishOf(options, 'cgroupns') === 'private') spaces.push({ type: 'cgroup' });
  wishOf(options, 'pid');
  return spaces;
}
