/** Which process has a port of the host's: proc(5), /proc/net/tcp and /proc/PID/fd. */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { endianness } from 'node:os';
import { overlap, type PortMapping } from './port.ts';

export interface PortHolder {
  pid: number;
  /** The first 15 bytes of its program's name. */
  program: string;
}

const LISTEN = '0A'; // include/net/tcp_states.h; a UDP socket that is bound shows 07

/** The table's words: `0100007F:1F90`, IPv4 in the byte order of a little-endian machine; IPv6 only as all or some. */
function bindsTo(word: string, wish: PortMapping): boolean {
  const [address = '', port = ''] = word.split(':');
  if (Number.parseInt(port, 16) !== wish.hostPort) return false;
  if (address.length !== 8) return /^0+$/.test(address) || wish.hostIp.includes(':');
  const bytes = address.match(/../g)!.map((byte) => Number.parseInt(byte, 16));
  return overlap((endianness() === 'LE' ? bytes.reverse() : bytes).join('.'), wish.hostIp);
}

/** Inodes of the sockets that are bound to a port. */
function socketInodes(wish: PortMapping, proc: string): Set<string> {
  const { protocol } = wish;
  const inodes = new Set<string>();
  for (const table of [protocol, `${protocol}6`]) {
    let text: string;
    try {
      text = readFileSync(`${proc}/net/${table}`, 'utf8');
    } catch {
      continue; // no IPv6, or sctp's module isn't loaded
    }
    for (const line of text.split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/);
      if (bindsTo(fields[1] ?? '', wish) && (protocol !== 'tcp' || fields[3] === LISTEN) && fields[9])
        inodes.add(fields[9]);
    }
  }
  return inodes;
}

/**
 * The process that holds a port, where it can be told: those of other users hide their descriptors. Never throws;
 * reads all of /proc, so it is for an error's text only.
 */
export function findPortHolder(wish: PortMapping, proc = '/proc'): PortHolder | undefined {
  const inodes = socketInodes(wish, proc);
  if (inodes.size === 0) return undefined;
  for (const pid of readdirSync(proc)) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      for (const fd of readdirSync(`${proc}/${pid}/fd`)) {
        const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`${proc}/${pid}/fd/${fd}`))?.[1];
        if (inode && inodes.has(inode))
          return { pid: Number(pid), program: readFileSync(`${proc}/${pid}/comm`, 'utf8').trim() };
      }
    } catch {
      // Somebody else's, or gone in the meantime.
    }
  }
  return undefined;
}
