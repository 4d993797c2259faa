/** bind(2) on a port of the host's, to see whether it can be had. */

import { getSystemErrorName } from 'node:util';
import type { Protocol } from './port.ts';

/** src/tcp_wrap.cc, src/udp_wrap.cc of Node: they return 0 or the negative number of an error. */
interface Handle {
  bind(address: string, port: number, flags: number): number;
  bind6(address: string, port: number, flags: number): number;
  listen(backlog: number): number;
  getsockname(out: { port: number }): number;
  close(): void;
}
interface Bindings {
  tcp_wrap: { TCP: new (type: number) => Handle; constants: { SERVER: number } };
  udp_wrap: { UDP: new () => Handle };
}

const V6_ONLY = 1; // UV_TCP_IPV6ONLY and UV_UDP_IPV6ONLY

/**
 * Binds and lets go again: the port that it was (0 asks for any). Throws with the system call's error as `code`. By what
 * node:net and node:dgram are made of: these two, with dns and cluster, which they load, take as long to load as all else
 * that a start does. process.binding is deprecated (DEP0111), and gives a list of bindings only, of which these are
 * (processBindingAllowList in Node's lib/internal/bootstrap/realm.js): a Node without it fails here.
 */
export function bindPort(hostIp: string, port: number, protocol: Protocol): number {
  const { binding } = process as unknown as { binding<K extends keyof Bindings>(name: K): Bindings[K] };
  let handle: Handle;
  if (protocol === 'udp') handle = new (binding('udp_wrap').UDP)();
  else {
    const { TCP, constants } = binding('tcp_wrap');
    handle = new TCP(constants.SERVER);
  }
  try {
    const bound = { port };
    const isIPv6 = hostIp.includes(':');
    check(isIPv6 ? handle.bind6(hostIp, port, V6_ONLY) : handle.bind(hostIp, port, 0));
    if (protocol !== 'udp') check(handle.listen(1)); // libuv keeps EADDRINUSE until then
    check(handle.getsockname(bound));
    return bound.port;
  } finally {
    handle.close();
  }
}

function check(status: number): void {
  if (status === 0) return;
  const code = getSystemErrorName(status);
  throw Object.assign(new Error(`bind: ${code}`), { code });
}
