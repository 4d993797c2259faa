import type { OciMount } from '../../../rootless/oci-spec.ts';

const depth = ({ destination }: OciMount): number => destination.split('/').length;

/**
 * What every container has and what is asked for, the outer before the inner; what is asked for replaces the usual at
 * its place. Below a mount that is read-only nothing can be mounted unless there is a file for it: what is usual there
 * comes first, and is hidden.
 */
export function orderMounts(usual: readonly OciMount[], asked: readonly OciMount[]): OciMount[] {
  const covered = new Set(asked.map(({ destination }) => destination));
  const closed = asked
    .filter(({ options }) => options?.includes('ro'))
    .map(({ destination }) => `${destination}/`);
  const rank = (mount: OciMount) =>
    usual.includes(mount) && closed.some((path) => mount.destination.startsWith(path)) ? 0 : depth(mount);
  return [...usual.filter(({ destination }) => !covered.has(destination)), ...asked].sort(
    (a, b) => rank(a) - rank(b),
  );
}
