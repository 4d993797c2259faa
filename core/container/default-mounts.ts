import { existsSync, lstatSync, readdirSync } from 'node:fs';
import type { OciMount } from '../../rootless/oci-spec.ts';
import { joinedId } from './namespaces/joins.ts';

export interface WorldFacts {
  /** Bytes of /dev/shm. */
  shmSize: number;
  /** Group 5 (tty) is mapped. */
  ttyGroup: boolean;
  /** The network namespace is the host's: sysfs can't be mounted anew there, sysfs(5). */
  hostNetwork: boolean;
  /** `host`: its shared memory and its queues are used, mq_overview(7); `container:ID`: that one's; `none`: no /dev/shm. */
  ipc?: string;
  /** The pid namespace is the host's: only what shows it is there can be shown, proc(5). */
  hostPid?: boolean;
  /** The cgroup namespace is the host's: cgroup2 can't be mounted anew there. */
  hostCgroup?: boolean;
  /** cgroup v2 is all there is, so that the container's own part of it can be shown. */
  unifiedCgroup: boolean;
  privileged: boolean;
  /** Further options of /proc: `hidepid=2`. */
  procOptions: string[];
  /** Host files put over /etc/hosts and the like, by destination. */
  files: Record<string, string>;
}

const SAFE = ['nosuid', 'noexec', 'nodev'];

/** What every container has mounted, in order. runtime-spec config-linux.md, "Default Filesystems". */
export function defaultMounts(facts: WorldFacts): OciMount[] {
  const access = facts.privileged ? [] : ['ro'];
  const tty = facts.ttyGroup ? ['gid=5'] : [];
  const mounts: OciMount[] = [
    facts.hostPid
      ? { destination: '/proc', type: 'bind', source: '/proc', options: ['rbind', 'rprivate', ...SAFE] }
      : { destination: '/proc', type: 'proc', source: 'proc', options: [...SAFE, ...facts.procOptions] },
    {
      destination: '/dev',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
    },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', ...tty],
    },
    ...ipcMounts(facts),
    facts.hostNetwork
      ? { destination: '/sys', type: 'bind', source: '/sys', options: ['rbind', 'rprivate', ...SAFE, 'ro'] }
      : { destination: '/sys', type: 'sysfs', source: 'sysfs', options: [...SAFE, ...access] },
  ];
  if (facts.unifiedCgroup && !facts.hostNetwork && facts.hostCgroup)
    mounts.push({
      destination: '/sys/fs/cgroup',
      type: 'bind',
      source: '/sys/fs/cgroup',
      options: ['rbind', 'rprivate', ...SAFE, 'ro'],
    });
  else if (facts.unifiedCgroup && !facts.hostNetwork)
    mounts.push({
      destination: '/sys/fs/cgroup',
      type: 'cgroup',
      source: 'cgroup',
      options: [...SAFE, 'relatime', ...access],
    });
  for (const [destination, source] of Object.entries(facts.files))
    mounts.push({ destination, type: 'bind', source, options: ['bind', 'rprivate'] });
  if (facts.privileged) mounts.push(...hostDevices());
  return mounts;
}

function ipcMounts({ ipc = 'private', shmSize }: WorldFacts): OciMount[] {
  if (ipc === 'host') return sharedIpc();
  const queues: OciMount = { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: SAFE };
  if (ipc === 'none') return [queues];
  const shm: OciMount = joinedId(ipc)
    ? { destination: '/dev/shm', type: 'bind', source: ipc, options: ['bind', 'rprivate', ...SAFE] }
    : {
        destination: '/dev/shm',
        type: 'tmpfs',
        source: 'shm',
        options: [...SAFE, 'mode=1777', `size=${shmSize}`],
      };
  return [shm, queues];
}

function sharedIpc(): OciMount[] {
  const present = ['/dev/shm', '/dev/mqueue'].filter((path) => existsSync(path));
  return present.map((path) => ({
    destination: path,
    type: 'bind',
    source: path,
    options: ['rbind', 'rprivate', ...SAFE],
  }));
}

const MADE_ANYWAY = new Set(['null', 'zero', 'full', 'random', 'urandom', 'tty', 'console', 'ptmx']);

/** --privileged: the host's device nodes, as far as the user may open them. */
function hostDevices(): OciMount[] {
  const mounts: OciMount[] = [];
  for (const name of readdirSync('/dev')) {
    if (MADE_ANYWAY.has(name) || /^tty\d*$/.test(name)) continue;
    const path = `/dev/${name}`;
    try {
      const about = lstatSync(path); // /dev/stdin is a link to what this process has open
      if (about.isCharacterDevice() || about.isBlockDevice())
        mounts.push({ destination: path, type: 'bind', source: path, options: ['bind', 'rprivate'] });
    } catch {
      // Gone or not to be seen: not there for the container either.
    }
  }
  return mounts;
}
