/** What the kernel does with mount propagation for who isn't root of the host: mount_namespaces(7). */

import { readFileSync, realpathSync } from 'node:fs';
import { refuse } from './request.ts';
import { isPropagation } from './words.ts';

interface HostMount {
  point: string;
  /** It receives what is mounted in a mount of the same group. */
  receives: boolean;
}

/** Octal escapes of /proc/self/mountinfo, proc_pid_mountinfo(5). */
const plain = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));

/** The mount that a path is on; `mountinfo` is the text of /proc/self/mountinfo. */
export function mountOf(path: string, mountinfo: string): HostMount | undefined {
  let best: HostMount | undefined;
  for (const line of mountinfo.split('\n')) {
    const [, , , , where = '', , ...optional] = line.split(' ');
    const point = plain(where);
    const holds = path === point || path.startsWith(point === '/' ? '/' : `${point}/`);
    // Of two at one place the later one is on top.
    if (!where || !holds || (best && point.length < best.point.length)) continue;
    const fields = optional.slice(0, optional.indexOf('-'));
    best = { point, receives: fields.some((field) => /^(shared|master):/.test(field)) };
  }
  return best;
}

/** The propagation that mount options ask for beyond the container: undefined for none. */
function wished(options: readonly string[]): string | undefined {
  return options.find((word) => isPropagation(word) && /^r?(shared|slave)$/.test(word));
}

/**
 * Refuses a wish that can't come true (PodError `usage`), and tells of one that comes half true: a mount namespace of an
 * unprivileged user receives mounts of the host, and never gives any to it.
 */
export function checkPropagation(
  { asked, source, options }: { asked: string; source: string; options: readonly string[] },
  notice: (line: string) => void,
  mountinfo = () => readFileSync('/proc/self/mountinfo', 'utf8'),
): void {
  const wish = wished(options);
  if (wish === undefined) return;
  const mount = mountOf(realpathSync(source), mountinfo());
  if (!mount?.receives)
    throw refuse(
      asked,
      `${source} is on the mount ${mount?.point ?? '/'}, which is not shared: nothing would reach the container by ${wish}`,
      `sudo mount --make-rshared ${mount?.point ?? '/'}   # or leave ${wish} out`,
    );
  if (wish.endsWith('shared'))
    notice(
      `Warning: what the container mounts below ${source} is not seen on the host: ` +
        `the kernel passes on mounts of an unprivileged user to nobody (${asked})`,
    );
}

/** What the mounts of a container need its root to be: config-linux.md, "Rootfs Mount Propagation". */
export function rootPropagation(mounts: readonly { options?: string[] }[]): 'rslave' | undefined {
  return mounts.some(({ options }) => wished(options ?? []) !== undefined) ? 'rslave' : undefined;
}
