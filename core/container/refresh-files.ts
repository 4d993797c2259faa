import { basename, join } from 'node:path';
import { parseAddHost } from '../../netns/hosts.ts';
import { type NetworkMode, parseNetworkMode } from '../../netns/mode.ts';
import { type BridgePlace, networkFiles } from '../../netns/network-files.ts';
import type { OciSpec } from '../../rootless/oci-spec.ts';
import type { Paths } from '../paths.ts';
import { editInPlace } from './edit-in-place.ts';
import type { ContainerRecord } from './record.ts';
import { containerDirectory } from './store.ts';

/** As it was made with: what the default of --network is now doesn't count. */
function modeOf({ asked, network }: ContainerRecord): NetworkMode {
  const mode = parseNetworkMode(asked?.network?.[0] ?? network.mode);
  return mode.kind === network.mode ? mode : parseNetworkMode(network.mode);
}

/**
 * Before a further start: /etc/hosts and /etc/resolv.conf as the host's network is now (another network, a VPN), as docker
 * and podman write them anew.
 */
export function refreshFiles(
  paths: Paths,
  record: ContainerRecord,
  spec: OciSpec,
  bridge: BridgePlace | undefined,
): void {
  const mode = modeOf(record);
  if (mode.kind === 'container') return;
  const { dns = [], dnsSearch = [], dnsOption = [], addHost = [], noHosts } = record.asked ?? {};
  const files = networkFiles({
    mode,
    hostname: spec.hostname ?? '',
    containerName: record.name,
    dns: { servers: dns, search: dnsSearch, options: dnsOption },
    addHosts: addHost.map(parseAddHost),
    noHosts,
    bridge,
  });
  const directory = containerDirectory(paths, record.id);
  for (const [path, text] of Object.entries(files))
    if (path !== '/etc/hostname') editInPlace(join(directory, basename(path)), () => text);
}
