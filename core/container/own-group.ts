import { cgroupOf } from '../../rootless/cgroup/facts.ts';
import type { ProcessIdentity } from './process-identity.ts';

/**
 * Absolute path of a container's own cgroup, where it has one: what it has made below that is part of it, and a group
 * that others are in, too, is not its own.
 */
export function ownGroup(
  mount: string | undefined,
  id: string,
  process: Pick<ProcessIdentity, 'pid'>,
): string | undefined {
  const group = mount && cgroupOf(process.pid, mount);
  if (!group) return undefined;
  return new RegExp(`^.*/tsc-pod-${id}(?:-\\d+\\.scope)?/container(?=/|$)`).exec(group)?.[0];
}
