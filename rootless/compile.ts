/**
 * From an OCI config.json to the plan's operations: what the container's world is and what its process becomes.
 * The order is the launcher's order of work.
 */

import { capabilityMask } from './capabilities.ts';
import { type IdRange, idTable } from './id-range.ts';
import type { OciLinux, OciMount, OciProcess, OciSpec } from './oci-spec.ts';
import type { Operation } from './plan.ts';
import { seccompProgram } from './seccomp/program.ts';

/** Mount options that are flags of the plan; any other goes to the file system as data. fstab's words, mount(8). */
const FLAGS = new Set([
  ...[
    'ro',
    'nosuid',
    'nodev',
    'noexec',
    'noatime',
    'relatime',
    'strictatime',
    'nodiratime',
    'sync',
    'dirsync',
  ],
]);
const PROPAGATION = new Set(['private', 'shared', 'slave', 'unbindable']);
/** What a mount has without being told. */
const DEFAULTS = new Set([
  'rw',
  'suid',
  'dev',
  'exec',
  'atime',
  'async',
  'defaults',
  'bind',
  'norelatime',
  'nostrictatime',
]);

interface MountOptions {
  flags: string[];
  data: string[];
  bind: boolean;
}

function mountOptions(mount: OciMount): MountOptions {
  const result: MountOptions = { flags: [], data: [], bind: mount.type === 'bind' };
  for (const option of mount.options ?? []) {
    if (FLAGS.has(option) || PROPAGATION.has(option)) result.flags.push(option);
    else if (option === 'rbind') {
      result.bind = true;
      result.flags.push('rec');
    } else if (option === 'bind') result.bind = true;
    else if (option.startsWith('r') && PROPAGATION.has(option.slice(1))) result.flags.push(option.slice(1));
    else if (!DEFAULTS.has(option)) result.data.push(option);
  }
  return result;
}

const words = (list: string[]): string => (list.length > 0 ? [...new Set(list)].join(',') : '-');

/** Id on disk (`container`) to id that is shown (`host`), both as the container's namespace has them. */
export interface MountOwners {
  uids: IdRange[];
  gids: IdRange[];
}

/** What the plan says of a mount beside what config.json can. */
export interface MountExtra {
  /** Printed below an error of this mount. */
  hint?: string | undefined;
  /**
   * Only this path of what is mounted, looked up below its root whatever links are there. A bind's source has it at
   * its end.
   */
  subpath?: string | undefined;
  /** Of an idmapped bind. */
  owners?: MountOwners | undefined;
  /** Of a mount of type overlay: absolute directories, the topmost first; where changes go, undefined: it takes none. */
  /** A tmpfs that containers share: the directory of the volume that it is. */
  memory?: string | undefined;
  overlay?: { lowers: string[]; scratch: string | undefined } | undefined;
}

/** Another container whose namespaces are joined. */
export interface NamespaceHolder {
  name: string;
  /** The file that its monitor keeps while it runs: so a restart of this one by its monitor finds it as it then is. */
  state: string;
}

/** By what stands for them in config.json: `container:ID`, as the path of a namespace or the source of a mount. */
export type NamespaceHolders = ReadonlyMap<string, NamespaceHolder>;

/** One mount of the container's world. */
export function compileMount(
  mount: OciMount,
  { subpath, overlay, memory, owners }: MountExtra = {},
  holders: NamespaceHolders = new Map(),
): Operation {
  const { flags, data, bind } = mountOptions(mount);
  const holder = bind ? holders.get(mount.source ?? '') : undefined;
  if (holder) return ['bind-of', holder.state, mount.destination, mount.destination, words(flags)];
  if (overlay) {
    const { lowers, scratch = '' } = overlay;
    return ['overlay', mount.destination, words(flags), scratch, subpath ?? '', ...lowers];
  }
  const source = subpath ? mount.source!.slice(0, -subpath.length - 1) : (mount.source ?? '');
  if (bind && owners) {
    const tables = [idTable(owners.uids), idTable(owners.gids)];
    return ['idmap', source, mount.destination, words(flags), subpath ?? '', ...tables];
  }
  if (bind && subpath) return ['bind', source, mount.destination, words(flags), subpath];
  if (bind) return ['bind', source, mount.destination, words(flags)];
  // runtime-spec calls it cgroup; what a container gets is always version 2.
  const type = mount.type === 'cgroup' ? 'cgroup2' : (mount.type ?? 'none');
  const copies = data.includes('tmpcopyup'); // runc's and crun's word
  const rest = data.filter((word) => word !== 'tmpcopyup').join(',');
  if (memory !== undefined)
    return ['mount-memory', memory, copies ? 'copy' : 'empty', mount.destination, words(flags), rest];
  return [
    copies ? 'mount-filled' : 'mount',
    type,
    mount.source ?? type,
    mount.destination,
    words(flags),
    rest,
  ];
}

const DEVICES = ['null', 'zero', 'full', 'random', 'urandom', 'tty'];
const LINKS: [target: string, path: string][] = [
  ['/proc/self/fd', '/dev/fd'],
  ['/proc/self/fd/0', '/dev/stdin'],
  ['/proc/self/fd/1', '/dev/stdout'],
  ['/proc/self/fd/2', '/dev/stderr'],
  ['pts/ptmx', '/dev/ptmx'],
  ['/proc/kcore', '/dev/core'],
];

/** The nodes and links of config-linux.md, "Default Devices"; nodes can't be made in a user namespace, so they are bound. */
function deviceOperations(): Operation[] {
  const nodes = DEVICES.map((name) => ['bind', `/dev/${name}`, `/dev/${name}`, '-']);
  return [...nodes, ...LINKS.map(([target, path]) => ['symlink', target, path])];
}

function namespaceOperations(linux: OciLinux, holders: NamespaceHolders): Operation[] {
  const joined = new Map<NamespaceHolder, string[]>();
  const operations: Operation[] = [];
  for (const { type, path } of linux.namespaces) {
    const holder = holders.get(path ?? '');
    if (holder) joined.set(holder, [...(joined.get(holder) ?? []), type]);
    else operations.push(path ? ['namespace', type, path] : ['namespace', type]);
  }
  for (const [{ state, name }, kinds] of joined)
    operations.push(['namespace-of', state, kinds.join(','), name]);
  return operations;
}

export interface WorldParts {
  holders?: NamespaceHolders;
  /** What is done when all is mounted. */
  last?: readonly Operation[];
}

/** The world: everything up to the process. `extras` are by destination. */
export function compileWorld(
  spec: OciSpec,
  extras: Readonly<Record<string, MountExtra>> = {},
  { holders = new Map(), last = [] }: WorldParts = {},
): Operation[] {
  const { linux, process } = spec;
  const operations: Operation[] = [
    ...namespaceOperations(linux, holders),
    ['root-propagation', words(propagationOf(linux))],
  ];
  const ownDevices = spec.mounts.some((mount) => mount.destination === '/dev' && mount.type === 'tmpfs');
  let devicesMade = !ownDevices;
  for (const mount of spec.mounts) {
    const extra = extras[mount.destination] ?? {};
    if (extra.hint) operations.push(['hint', extra.hint]);
    operations.push(compileMount(mount, extra, holders));
    if (!devicesMade && mount.destination === '/dev') {
      operations.push(...deviceOperations());
      devicesMade = true;
    }
  }
  operations.push(...last);
  for (const [key, value] of Object.entries(linux.sysctl ?? {})) operations.push(['sysctl', key, value]);
  const makes = (type: string) => linux.namespaces.some((space) => space.type === type && !space.path);
  if (spec.hostname && makes('uts')) operations.push(['hostname', spec.hostname]);
  if (spec.domainname && makes('uts')) operations.push(['domainname', spec.domainname]);
  operations.push(['pivot']);
  if (process.terminal) {
    const { height = 0, width = 0 } = process.consoleSize ?? {};
    operations.push(['terminal', String(height), String(width)]);
  }
  for (const path of linux.maskedPaths ?? []) operations.push(['masked', path]);
  for (const path of linux.readonlyPaths ?? []) operations.push(['readonly', path]);
  operations.push(['cwd', process.cwd]);
  if (spec.root.readonly) operations.push(['root-readonly']);
  return operations;
}

function propagationOf(linux: OciLinux): string[] {
  const wish = linux.rootfsPropagation ?? 'rprivate';
  return wish.startsWith('r') ? ['rec', wish.slice(1)] : [wish];
}

/** The process: config.md, "Process". */
export function compileProcess(process: OciProcess, linux: Pick<OciLinux, 'seccomp'>): Operation[] {
  const { user, capabilities } = process;
  const operations: Operation[] = [];
  for (const { type, soft, hard } of process.rlimits ?? [])
    operations.push(['rlimit', type.replace(/^RLIMIT_/, ''), limitWord(soft), limitWord(hard)]);
  if (process.oomScoreAdj !== undefined) operations.push(['oom-score-adj', String(process.oomScoreAdj)]);
  if (user.umask !== undefined) operations.push(['umask', user.umask.toString(8).padStart(4, '0')]);
  const groups = user.additionalGids?.length ? user.additionalGids.join(',') : '-';
  operations.push(['user', String(user.uid), String(user.gid), groups]);
  const sets = [
    capabilities.bounding,
    capabilities.effective,
    capabilities.permitted,
    capabilities.inheritable,
    capabilities.ambient,
  ];
  operations.push(['capabilities', ...sets.map((set) => capabilityMask(set).toString(16))]);
  if (process.noNewPrivileges) operations.push(['no-new-privileges']);
  if (linux.seccomp) operations.push(['seccomp', Buffer.from(seccompProgram(linux.seccomp)).toString('hex')]);
  for (const variable of process.env) operations.push(['env', variable]);
  operations.push(['exec', ...process.args]);
  return operations;
}

/** RLIM_INFINITY is -1 in a plan, and 2^64-1 (or what a double makes of it) in JSON. */
function limitWord(value: number): string {
  return value < 0 || value >= 2 ** 63 ? '-1' : String(value);
}
