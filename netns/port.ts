/** What `-p`, `--expose` and EXPOSE say, in docker's notation: docker-run(1), --publish. */

import { PodError } from '../core/error.ts';
import { isAddress, isIPv6 } from './address.ts';

export type Protocol = 'tcp' | 'udp' | 'sctp';

/** A port of the container that is reached at a port of the host. */
export interface PortMapping {
  /** `0.0.0.0` for every IPv4 address of the host; IPv6 without brackets. */
  hostIp: string;
  hostPort: number;
  containerPort: number;
  protocol: Protocol;
}

/** A mapping as asked for: the host's port may still have to be chosen. */
export interface PortRequest {
  hostIp: string;
  /** First and last of the ports to choose from; undefined: any free one. */
  hostPorts: readonly [first: number, last: number] | undefined;
  containerPort: number;
  protocol: Protocol;
}

export interface ExposedPort {
  port: number;
  protocol: Protocol;
}

type Range = readonly [first: number, last: number];

const EVERYWHERE = '0.0.0.0';

/** `8080` or `8000-8010`; undefined where it isn't one. Port 0 is none. */
function parseRange(text: string): Range | undefined {
  const found = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  if (!found) return undefined;
  const first = Number(found[1]);
  const last = Number(found[2] ?? found[1]);
  return first >= 1 && first <= last && last <= 65535 ? [first, last] : undefined;
}

function parseProtocol(text: string): Protocol | undefined {
  const name = text.toLowerCase();
  return name === 'tcp' || name === 'udp' || name === 'sctp' ? name : undefined;
}

function wrong(flag: string, text: string, why: string, hint?: string): PodError {
  return new PodError({ code: 'usage', message: `cannot use ${flag} ${text}`, why, hint });
}

/** `target=80,published=8080,protocol=udp` as the short form; any other text as it is. */
function shortForm(text: string): string {
  if (!text.includes('=')) return text;
  const fields: Record<string, string> = {};
  for (const field of text.split(',')) {
    const [name = '', value] = field.split('=', 2);
    if (!['target', 'published', 'protocol', 'mode', 'host_ip'].includes(name) || !value)
      throw wrong('--publish', text, `${field} is none of target=, published=, protocol=, host_ip=`);
    fields[name] = value;
  }
  if (!fields.target) throw wrong('--publish', text, 'it has no target=PORT');
  const address = fields.host_ip && isIPv6(fields.host_ip) ? `[${fields.host_ip}]` : fields.host_ip;
  const host = address
    ? `${address}:${fields.published ?? ''}:`
    : fields.published
      ? `${fields.published}:`
      : '';
  return `${host}${fields.target}/${fields.protocol ?? 'tcp'}`;
}

/** `[ADDRESS:][HOST]:CONTAINER` cut at its colons; an IPv6 address stands in brackets. */
function splitParts(text: string): { address: string; host: string; container: string } | undefined {
  const found = /^(?:(\[[^\]]*\]|[^:[\]]*):)?(?:([^:[\]]*):)?([^:[\]]*)$/.exec(text);
  if (!found) return undefined;
  const [, before, between, container = ''] = found;
  if (between !== undefined) return { address: before ?? '', host: between, container };
  if (before?.startsWith('[')) return undefined;
  return { address: '', host: before ?? '', container };
}

/**
 * One value of `-p`: `[[ADDRESS:][HOST[-HOST]]:]CONTAINER[-CONTAINER][/tcp|udp|sctp]`, or docker's long form.
 * A range of the container's makes as many requests; a range of the host's alone is a choice.
 * Throws PodError `usage`.
 */
export function parsePublish(text: string): PortRequest[] {
  const short = shortForm(text);
  const slash = short.lastIndexOf('/');
  const protocol = parseProtocol(slash < 0 ? 'tcp' : short.slice(slash + 1));
  if (!protocol)
    throw wrong('--publish', text, `${short.slice(slash + 1) || 'an empty word'} is none of tcp, udp, sctp`);
  const parts = splitParts(slash < 0 ? short : short.slice(0, slash));
  if (!parts)
    throw wrong(
      '--publish',
      text,
      'it is not [ADDRESS:][HOST:]CONTAINER',
      'write an IPv6 address in brackets: -p [::1]:8080:80',
    );
  const address = parts.address.replace(/^\[(.*)\]$/, '$1');
  if (parts.address !== '' && !isAddress(address))
    throw wrong('--publish', text, `${parts.address} is not an IP address`);
  if (parts.container === '') throw wrong('--publish', text, "it has no port of the container's");
  const container = parseRange(parts.container);
  if (!container)
    throw wrong('--publish', text, `${parts.container} is not a port from 1 to 65535, nor a range of them`);
  const random = parts.host === '' || parts.host === '0';
  const host = random ? undefined : parseRange(parts.host);
  if (!random && !host)
    throw wrong('--publish', text, `${parts.host} is not a port from 1 to 65535, nor a range of them`);
  return pairUp(text, { hostIp: address || EVERYWHERE, protocol }, container, host);
}

function pairUp(
  text: string,
  common: { hostIp: string; protocol: Protocol },
  container: Range,
  host: Range | undefined,
): PortRequest[] {
  const count = container[1] - container[0] + 1;
  const hostCount = host ? host[1] - host[0] + 1 : 0;
  if (host && count > 1 && count !== hostCount)
    throw wrong(
      '--publish',
      text,
      `${hostCount} ports of the host's for ${count} of the container's`,
      'give both ranges one length',
    );
  return Array.from({ length: count }, (_, index) => ({
    ...common,
    hostPorts: host && (count === 1 ? host : ([host[0] + index, host[0] + index] as const)),
    containerPort: container[0] + index,
  }));
}

/** One value of `--expose` or key of an image's ExposedPorts: `80`, `80/udp`, `8000-8010/tcp`. Throws PodError `usage`. */
export function parseExpose(text: string): ExposedPort[] {
  const [ports = '', name = 'tcp', ...rest] = text.split('/');
  const range = parseRange(ports);
  const protocol = parseProtocol(name);
  if (!range || !protocol || rest.length > 0)
    throw wrong('--expose', text, 'it is not PORT[-PORT][/tcp|udp|sctp]');
  return Array.from({ length: range[1] - range[0] + 1 }, (_, index) => ({
    port: range[0] + index,
    protocol,
  }));
}

/** `-P`: a free port of the host's for each exposed port that no `-p` names. */
export function requestsForExposed(
  exposed: readonly ExposedPort[],
  requests: readonly PortRequest[],
): PortRequest[] {
  const known = new Set(requests.map((request) => `${request.containerPort}/${request.protocol}`));
  const further: PortRequest[] = [];
  for (const { port, protocol } of exposed) {
    const key = `${port}/${protocol}`;
    if (known.has(key)) continue;
    known.add(key);
    further.push({ hostIp: EVERYWHERE, hostPorts: undefined, containerPort: port, protocol });
  }
  return further;
}

/** Two addresses that can't both have one port: equal, or one is all of its family. */
export function overlap(a: string, b: string): boolean {
  if (a === b) return true;
  if (a.includes(':') !== b.includes(':')) return false;
  return [a, b].some((ip) => ip === '0.0.0.0' || ip === '::');
}

/** `127.0.0.1:8080/tcp`, `[::1]:53/udp`. */
export function formatHostPort(mapping: Pick<PortMapping, 'hostIp' | 'hostPort' | 'protocol'>): string {
  const ip = mapping.hostIp.includes(':') ? `[${mapping.hostIp}]` : mapping.hostIp;
  return `${ip}:${mapping.hostPort}/${mapping.protocol}`;
}
