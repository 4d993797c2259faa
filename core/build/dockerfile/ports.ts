/** EXPOSE's ports. */

import { PodError } from '../../error.ts';
import { quoted } from './refusal.ts';

export interface ExposedPort {
  /** As written. */
  readonly text: string;
  readonly first: number;
  readonly last: number;
  /** As written; lower case is meant. */
  readonly protocol: string;
  /** `8080:80`, `127.0.0.1::80`: what EXPOSE doesn't mean, and ignores. */
  readonly mapped: boolean;
}

const PROTOCOLS = ['tcp', 'udp', 'sctp'];

/** `80`, `80/tcp`, `8000-8010/udp`; undefined for anything else. */
export function parsePort(text: string): ExposedPort | undefined {
  const slash = text.indexOf('/');
  const protocol = slash < 0 ? 'tcp' : text.slice(slash + 1);
  const address = slash < 0 ? text : text.slice(0, slash);
  if (!PROTOCOLS.includes(protocol.toLowerCase())) return undefined;
  const [, mapping, from, to = from] = /^(.*:)?(\d{1,5})(?:-(\d{1,5}))?$/.exec(address) ?? [];
  if (from === undefined) return undefined;
  const [first, last] = [Number(from), Number(to)];
  if (first > last || last > 65535) return undefined;
  return { text, first, last, protocol, mapped: mapping !== undefined };
}

/** `8000-8002/udp` -> ["8000/udp", ...]; the keys of ExposedPorts. Throws PodError `invalid`. */
export function exposedPorts(ports: readonly string[]): string[] {
  const exposed = new Set<string>();
  for (const text of ports) {
    const port = parsePort(text);
    if (!port)
      throw new PodError({
        code: 'invalid',
        message: `cannot expose ${quoted(text)}`,
        why: 'it is no port',
        hint: 'write it as 80, 80/udp or 8000-8010/tcp',
      });
    for (let number = port.first; number <= port.last; number++)
      exposed.add(`${number}/${port.protocol.toLowerCase()}`);
  }
  return [...exposed];
}
