import type { Check, DoctorHost } from './check.ts';

const PORT_START = '/proc/sys/net/ipv4/ip_unprivileged_port_start';

/** Only who asks for it needs it. Debian's don't tell their version; of 2023 it knows nothing of --map-host-loopback: netns/pasta.ts. */
export function pasta(host: DoctorHost): Check {
  const path = host.find('pasta');
  if (path === undefined)
    return {
      name: 'pasta',
      status: 'ok',
      detail: 'not installed; only --network pasta needs it (package passt)',
    };
  const version = /20\d{6}(?!\d)|20\d\d_\d\d_\d\d/.exec(host.output([path, '--version']) ?? '')?.[0];
  const ofLater = version || host.output([path, '--help'])?.includes('--map-host-loopback');
  return {
    name: 'pasta',
    status: 'ok',
    detail: ofLater
      ? [version, path].filter(Boolean).join(', ')
      : `${path}, of 2023: clients of a port that it publishes have to speak first; slirp4netns and bridge networks have no such limit`,
  };
}

/** ip-sysctl, ip_unprivileged_port_start: which ports can be published, and whom a container sees. */
export function publishedPorts(host: DoctorHost): Check {
  const first = Number(host.read(PORT_START) ?? 1024);
  const low =
    first > 0
      ? `from ${first} on (for lower ones: sudo sysctl ${PORT_START.slice(10).replaceAll('/', '.')}=80)`
      : 'all';
  return {
    name: 'published ports',
    status: 'ok',
    detail: `${low}; the container sees the client's address`,
  };
}
