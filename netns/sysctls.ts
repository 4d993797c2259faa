/** What is set in a network namespace that only a container has. */

/** A range of an id map: user_namespaces(7). */
export interface MappedRange {
  container: number;
  host: number;
  size: number;
}

const GROUP_MAX = 0x7fffffff; // net/ipv4/sysctl_net_ipv4.c, ip_ping_group_range_max

/**
 * A value for net.ipv4.ping_group_range: who may send echo requests without CAP_NET_RAW. A new namespace allows
 * nobody. The kernel takes only ids that are mapped, and compares the host's ids: both ends must be in order there
 * too, or the range is empty. So: the widest that holds group 0, or the widest that there is.
 */
export function pingGroupRange(gidMap: readonly MappedRange[]): string | undefined {
  let best: { first: number; last: number } | undefined;
  const better = (first: number, last: number): boolean => {
    if (!best) return true;
    const zero = Number(first === 0) - Number(best.first === 0);
    return zero !== 0 ? zero > 0 : last - first > best.last - best.first;
  };
  for (const low of gidMap) {
    for (const high of gidMap) {
      const first = low.container;
      const last = Math.min(high.container + high.size - 1, GROUP_MAX);
      const ordered = first <= last && low.host <= high.host + (last - high.container);
      if (ordered && last >= high.container && better(first, last)) best = { first, last };
    }
  }
  return best && `${best.first} ${best.last}`;
}

/**
 * Sysctls of a container's own network namespace: ping without a capability, and ports below 1024 for users other
 * than root (they are the container's, not the host's; docker does so since 20.10).
 */
export function namespaceSysctls(gidMap: readonly MappedRange[]): Record<string, string> {
  const groups = pingGroupRange(gidMap);
  return {
    'net.ipv4.ip_unprivileged_port_start': '0',
    ...(groups && { 'net.ipv4.ping_group_range': groups }),
  };
}
