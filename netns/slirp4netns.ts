/**
 * slirp4netns as operations of a launcher's plan: slirp4netns(1), and its API socket's requests.
 *
 * Found with 1.2.0 (libslirp 4.7.0, kernel 6.18), as a user without root:
 * - ready 3.1 ms after its start; IPv6 adds 0.3, seccomp 0.4, the sandbox 0.5 ms; all of them 4.4 ms.
 * - It raises `lo` too. The MTU costs nothing.
 * - A request of the API takes 0.2 ms; it is read by one read(2) of at most 4095 bytes, one connection at a time.
 * - hostfwd knows neither IPv6 addresses of the host's nor SCTP. A port that is taken, below
 *   ip_unprivileged_port_start or on a foreign address is told no better than "slirp_add_hostfwd failed": so ports
 *   are tried before (host-port.ts).
 * - A TCP port that it publishes shows the client's address, and 10.0.2.2 for clients at the host's loopback. libslirp
 *   listens with a backlog of 1: of ten connections at one moment half wait a second and more. Without host loopback,
 *   answers of a UDP port can't reach clients at the host's loopback. So ours are: publish.ts.
 */

import { PodError } from '../core/error.ts';
import { formatHostPort, type PortMapping } from './port.ts';
import { publishPlan } from './publish.ts';
import { type Slirp4netnsOptions, slirp4netnsAddresses } from './slirp4netns-options.ts';
import { type Slirp4netnsProgram, versionAtLeast } from './slirp4netns-program.ts';

export interface Slirp4netnsPlan {
  program: Slirp4netnsProgram;
  options: Slirp4netnsOptions;
  ports: readonly PortMapping[];
  /** Where the API socket is made, if there are ports: at most 107 bytes (unix(7)), a longer path is cut off. */
  apiSocket: string;
}

const DEVICE = 'tap0';

function argv({ program, options, ports, apiSocket }: Slirp4netnsPlan): string[] {
  const words = [program.path, '--configure', `--mtu=${options.mtu}`, `--cidr=${options.cidr}`];
  if (options.enableIpv6) words.push('--enable-ipv6');
  if (!options.allowHostLoopback) words.push('--disable-host-loopback');
  if (program.sandbox) words.push('--enable-sandbox');
  if (program.seccomp) words.push('--enable-seccomp');
  if (options.outboundAddr) words.push(`--outbound-addr=${options.outboundAddr}`);
  if (options.outboundAddr6) words.push(`--outbound-addr6=${options.outboundAddr6}`);
  if (ports.length > 0) words.push(`--api-socket=${apiSocket}`);
  words.push('--ready-fd=3', '--exit-fd=4', '@pid@', DEVICE);
  return words;
}

/** What can't be published where slirp4netns makes the network. Throws PodError `unsupported`. */
export function checkSlirp4netnsPort(
  port: PortMapping,
  { ownPortHandler }: Pick<Slirp4netnsOptions, 'ownPortHandler'>,
): void {
  const refuse = (why: string, hint: string): PodError =>
    new PodError({ code: 'unsupported', message: `cannot publish ${formatHostPort(port)}`, why, hint });
  if (port.protocol === 'sctp') throw refuse('slirp4netns has no SCTP', 'use --network host');
  if (ownPortHandler && port.protocol === 'tcp' && port.hostIp.includes(':'))
    throw refuse(
      'port_handler=slirp4netns publishes TCP at IPv4 addresses only',
      `-p ${port.hostPort}:${port.containerPort} or --network slirp4netns`,
    );
}

function checkVersion({ program, options }: Slirp4netnsPlan): void {
  if ((options.outboundAddr || options.outboundAddr6) && !versionAtLeast(program.version, [1, 1, 0]))
    throw new PodError({
      code: 'unsupported',
      message: 'cannot use outbound_addr',
      why: `slirp4netns ${program.version} does not have it: 1.1.0 is the first that has`,
    });
}

/** The request that publishes a port of the address `guest`. */
function publishRequest(port: PortMapping, guest: string): string {
  return JSON.stringify({
    execute: 'add_hostfwd',
    arguments: {
      proto: port.protocol,
      host_addr: port.hostIp,
      host_port: port.hostPort,
      guest_addr: guest,
      guest_port: port.containerPort,
    },
  });
}

/** The operations: one `network-helper`, then those that publish ports. Throws PodError `unsupported`. */
export function slirp4netnsPlan(plan: Slirp4netnsPlan): string[][] {
  const { options, ports, apiSocket } = plan;
  checkVersion(plan);
  for (const port of ports) checkSlirp4netnsPort(port, options);
  const { guest, gateway } = slirp4netnsAddresses(options.cidr);
  const own = ports.filter(({ protocol }) => options.ownPortHandler && protocol === 'tcp');
  return [
    ['network-helper', ...argv({ ...plan, ports: own })],
    ...own.map((port) => ['network-api', apiSocket, publishRequest(port, guest)]),
    ...publishPlan(
      ports.filter((port) => !own.includes(port)),
      [{ address: guest, gateway }],
    ),
  ];
}

/**
 * The uplink of a bridge network: started in the host's network, with the network's namespace at its standard input.
 * Containers are behind its device, not at its own address.
 */
export function uplinkArgv(
  program: Slirp4netnsProgram,
  options: Pick<Slirp4netnsOptions, 'cidr' | 'allowHostLoopback' | 'enableIpv6'>,
): string[] {
  const words = [program.path, '--configure', '--mtu=65520', `--cidr=${options.cidr}`];
  if (options.enableIpv6) words.push('--enable-ipv6');
  if (!options.allowHostLoopback) words.push('--disable-host-loopback');
  if (program.sandbox) words.push('--enable-sandbox');
  if (program.seccomp) words.push('--enable-seccomp');
  words.push('--ready-fd=3', '--exit-fd=4');
  return [...words, '--netns-type=path', '/proc/self/fd/0', DEVICE];
}
