/**
 * pasta as operations of a launcher's plan: pasta(1), of the package passt.
 *
 * Found with 2023_03_09 (kernel 6.18), as a user without root; 2025_05_03 takes the same words:
 * - It has no descriptor to say that it is ready: but its pid file may be a pipe, and is written then.
 * - It opens the namespace before it lets go of rights that /proc/PID/ns asks for, so it gets one that is open; newer ones
 *   close all descriptors but 0 to 2 first.
 * - It knows no descriptor to end with, and a joined user namespace makes the kernel forget PR_SET_PDEATHSIG: so it is
 *   started in there. Then it gives all rights away but two, its file system and /proc.
 * - A published TCP port shows the client's address; a connection to the host's loopback comes from the container's own.
 * - Who connects to a published port from elsewhere is heard only after its first byte: a server that speaks first waits
 *   for ever (not of 2025_05_03). The host's loopback is another way (splice) and has no such trouble.
 * - A port of the host's can be published once only, at one address or at all; IPv4 and IPv6 at once only without address.
 * - It is no uplink of a bridge network: it answers all containers behind it at the address that it saw last, so that of two
 *   that talk at once one loses its connections; its ports are fixed when it starts; and address translation in front of it
 *   would have to be set up by nftables.
 * - A port that is taken, or not allowed: "Failed to bind any port for ...".
 */

import { PodError } from '../core/error.ts';
import { hasPastaOption, type PastaOptions } from './pasta-options.ts';
import { formatHostPort, type PortMapping } from './port.ts';
import { checkTun, locateProgram } from './program.ts';

export interface PastaPlan {
  /** Path of the program. */
  program: string;
  options: PastaOptions;
  ports: readonly PortMapping[];
  /** An address of the container's that stands for the host's resolver. */
  resolver: string | undefined;
}

/** What nothing else uses, and is on no network: podman's choice too. */
const PASTA_RESOLVER = '169.254.1.1';

const INSTALL_PASTA = 'sudo apt-get install passt   # or: sudo dnf install passt';

/** Throws PodError `missing` where there is no pasta, or no /dev/net/tun. */
export function findPasta(searchPath: string | undefined): string {
  const instead = 'or do without: --network slirp4netns';
  const path = locateProgram('pasta', searchPath);
  if (!path)
    throw new PodError({
      code: 'missing',
      message: 'cannot set up the network',
      why: 'pasta is not installed',
      hint: `${INSTALL_PASTA}; ${instead}`,
    });
  checkTun('or do without: --network none or --network host');
  return path;
}

const refuse = (port: PortMapping, why: string, hint: string): PodError =>
  new PodError({ code: 'unsupported', message: `cannot publish ${formatHostPort(port)}`, why, hint });

/** What pasta can't publish. Throws PodError `unsupported`. */
export function checkPastaPorts(ports: readonly PortMapping[]): void {
  for (const port of ports) {
    if (port.protocol === 'sctp') throw refuse(port, 'pasta has no SCTP', 'use --network host');
    const others = sameHostPort(ports, port);
    if (others.length > 1 && !isEverywhere(others))
      throw refuse(
        port,
        `pasta publishes a port of the host's once, and ${formatHostPort(others[0]!)} is to be, too`,
        'publish it at all addresses, or with --network slirp4netns',
      );
  }
}

function sameHostPort(ports: readonly PortMapping[], port: PortMapping): PortMapping[] {
  return ports.filter((one) => one.protocol === port.protocol && one.hostPort === port.hostPort);
}

/** All of IPv4 and all of IPv6, to one port of the container's: what pasta does where no address is given. */
function isEverywhere(ports: readonly PortMapping[]): boolean {
  const [one, other] = ports;
  return (
    ports.length === 2 &&
    one!.containerPort === other!.containerPort &&
    [one!.hostIp, other!.hostIp].sort().join() === '0.0.0.0,::'
  );
}

function portWords(ports: readonly PortMapping[], { words }: PastaOptions): string[] {
  const specs = ports.map((port) => {
    const both = isEverywhere(sameHostPort(ports, port));
    if (both && port.hostIp === '::') return [];
    const address = both ? '' : `${port.hostIp}/`;
    return [port.protocol === 'udp' ? '-u' : '-t', `${address}${port.hostPort}:${port.containerPort}`];
  });
  const none = (protocol: string | undefined, ...names: string[]): string[] =>
    hasPastaOption(words, ...names) || ports.some((port) => port.protocol === protocol)
      ? []
      : [names[0]!, 'none'];
  return [
    ...specs.flat(),
    ...none('tcp', '-t', '--tcp-ports'),
    ...none('udp', '-u', '--udp-ports'),
    ...none(undefined, '-T', '--tcp-ns'),
    ...none(undefined, '-U', '--udp-ns'),
  ];
}

/** The operation that starts it. Throws PodError `unsupported`. */
export function pastaPlan({ program, options, ports, resolver }: PastaPlan): string[][] {
  checkPastaPorts(ports);
  const { words } = options;
  const argv = [program, '--foreground', '--quiet', '--config-net', ...words];
  if (!options.mapGateway && !hasPastaOption(words, '--no-map-gw')) argv.push('--no-map-gw');
  if (resolver) argv.push('--dns-forward', resolver);
  argv.push(...portWords(ports, options), '--pid', '/proc/self/fd/1');
  argv.push('--no-netns-quit', '--netns-only', '--netns', '/proc/self/fd/0');
  return [['network-helper-inside', ...argv]];
}

/** Where questions are passed on to the host's resolver; `hostServers`: those of the host's resolv.conf. */
export function pastaResolver({ words }: PastaOptions, hostServers: readonly string[]): string | undefined {
  const without = hasPastaOption(words, '--dns-forward', '-6', '--ipv6-only');
  return without || hostServers.length === 0 ? undefined : PASTA_RESOLVER;
}
