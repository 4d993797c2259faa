import { readFileSync } from 'node:fs';
import type { OciCapabilities } from '../../../rootless/capabilities.ts';
import type { IdMaps } from '../../../rootless/id-map.ts';

/** The capabilities with which a container can open again what is closed to it of the host. */
const OPENING = ['CAP_SYS_ADMIN', 'CAP_SYS_MODULE', 'CAP_SYS_RAWIO'];

/** Whether ids here are the host's own, user_namespaces(7): the map of the initial namespace. */
function inInitialNamespace(): boolean {
  return /^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'utf8'));
}

/**
 * What to say of a container whose root is the host's own root, because root started it, and that gets what it needs
 * to write to the host's /proc/sys: it could take the host over. Undefined for all others.
 */
export function hostRootNotice(maps: IdMaps, capabilities: OciCapabilities): string | undefined {
  const root = maps.uid.find(({ container }) => container === 0);
  if (root?.host !== 0 || !OPENING.some((name) => capabilities.bounding.includes(name))) return undefined;
  if (!inInitialNamespace()) return undefined;
  return 'Warning: started by root with these privileges, the container can take over the host; start it as a user instead';
}
