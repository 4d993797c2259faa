import { closeSync, ftruncateSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseAddHost } from '../../netns/hosts.ts';
import { type NetworkMode, parseNetworkMode } from '../../netns/mode.ts';
import { networkFiles } from '../../netns/network-files.ts';
import type { OciSpec } from '../../rootless/oci-spec.ts';
import { errnoOf } from '../error.ts';
import type { Paths } from '../paths.ts';
import type { ContainerRecord } from './record.ts';
import { containerDirectory } from './store.ts';

/** As it was made with: what the default of --network is now doesn't count. */
function modeOf({ asked, network }: ContainerRecord): NetworkMode {
  const mode = parseNetworkMode(asked?.network?.[0] ?? network.mode);
  return mode.kind === network.mode ? mode : parseNetworkMode(network.mode);
}

async function placeOf(paths: Paths, record: ContainerRecord) {
  const attached = record.network.networks;
  if (!attached) return undefined;
  const { networkOf } = await import('../network/operations.ts');
  const { placeOf: placeIn } = await import('../network/place.ts');
  return placeIn(
    attached.map((attachment) => networkOf(paths, record, attachment)),
    attached,
  );
}

/** In place, since containers that share its network have the same file. One whose owner has changed makes room. */
function rewrite(file: string, text: string): void {
  let fd: number;
  try {
    if (readFileSync(file, 'utf8') === text) return;
    fd = openSync(file, 'r+');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return; // the image's own
    if (errnoOf(error) !== 'EACCES') throw error;
    rmSync(file);
    writeFileSync(file, text, { mode: 0o644 });
    return;
  }
  try {
    ftruncateSync(fd, writeSync(fd, text, 0));
  } finally {
    closeSync(fd);
  }
}

/**
 * Before a further start: /etc/hosts and /etc/resolv.conf as the host's network is now (another network, a VPN), as docker
 * and podman write them anew.
 */
export async function refreshFiles(paths: Paths, record: ContainerRecord, spec: OciSpec): Promise<void> {
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
    bridge: await placeOf(paths, record),
  });
  const directory = containerDirectory(paths, record.id);
  for (const [path, text] of Object.entries(files))
    if (path !== '/etc/hostname') rewrite(join(directory, basename(path)), text);
}
