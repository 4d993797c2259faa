/**
 * The plan: what TypeScript decides and the launcher (rootless/native) carries out. This comment is the interface's
 * one description; rootless/native/plan.c holds the same list of operations and refuses any other.
 *
 * A plan is text. Each line is one operation, its words separated by one space. Within a word the bytes space,
 * tab, newline, backslash, quote and everything not printable ASCII stand as `\ooo` (three octal digits); an empty
 * word is `''`. The first line is `plan VERSION ROLE`.
 *
 * Roles: `run` makes a container and stays as its monitor; `exec` starts a further process in one; `check` one
 * that tells its health; `check-now` asks the monitor for a check; `enter` does file
 * work as root of a user namespace; `lock` holds a lock; `signal` signals a process and waits for its end; `rotate` moves
 * a full log of events aside.
 *
 * Any role
 *   unlink-plan                       the plan's own file is removed once it is read: it may hold secrets
 *   events LOG MAX-SIZE MAX-FILES SUBJECT  where events are written (bytes), and whose they are (native/event.h)
 *
 * Namespaces and ids
 *   uidmap C H N, gidmap C H N        a range of ids, user_namespaces(7); as many as there are ranges
 *   newuidmap PATH, newgidmap PATH    the helpers that write the maps; without them the launcher writes them
 *   setgroups deny                    where the maps are written without privilege
 *   namespace KIND [PATH]             user mount pid ipc uts network cgroup; with PATH: joined, not made
 *   namespace-of STATE KINDS NAME     those (a comma list) of the container NAME, by its RUNTIME/state: joined, not made
 *
 * The container (run)
 *   container ID DIR, runtime DIR     its directory on disk, and the one that is gone after a reboot
 *   remove-at-exit DIR TRASH          --rm: DIR is renamed to TRASH and removed when the container has ended
 *   release-volume FILE [DIR TRASH]   --rm: FILE, by which it uses a volume, is removed; with DIR, an anonymous volume, it
 *                                     is renamed to TRASH and removed, unless others use it (core/volume/users.ts)
 *   remove-by PLAN                    the plan that removes them, where the container's own map lacks the user's id
 *   release-name PATH, release-address PATH  the reservations of its name and its addresses, files removed with it, and
 *                                     their directories if empty
 *   detach [TEXT]                     the line TEXT is printed when it runs, and the monitor goes on alone
 *   attach STREAMS                    this process stays as a client of the monitor: words of in,out,err. With neither
 *                                     this process is the monitor itself
 *   no-sig-proxy                      the client ends by a signal, and doesn't pass it on
 *   restart POLICY MAX                on-failure always unless-stopped: started anew when it ends; MAX 0 is no limit
 *   runtime-file NAME TEXT            a file that is made in the runtime directory before the start
 *   stdin inherit|null|pipe, output inherit|null|log, log PATH FORMAT MAX-SIZE MAX-FILES [JSON]
 *                                     (bytes; 0: no limit; an object that every record of a json-file has as attrs)
 *   terminal ROWS COLUMNS, detach-keys BYTES, pid-file PATH
 *   journal SOCKET FIELD=VALUE...     the log goes to journald, each message with these fields
 *   health INTERVAL TIMEOUT START-PERIOD START-INTERVAL RETRIES   milliseconds; RUNTIME/health-plan is a check
 *   health-action kill|restart|stop SIGNAL TIMEOUT                of a container that is unhealthy; milliseconds
 *   ends-with-parent                  it is killed when the process that started the launcher ends, and by SIGTERM
 *   preserve-fds N                    descriptors 3 to 2+N of the launcher's own are the command's
 *   network-helper ARGV...            `@pid@`: who holds the namespace; descriptor 3: ready, 4: ends with the container
 *   network-helper-inside ARGV...     root of its user namespace; descriptor 0: the network namespace, 1: ready; it is killed
 *   network-api SOCKET JSON           asked when it is ready; an answer with "error" ends the start
 *   publish ADDRESS PORT CONTAINER-PORT [udp]   a port of the host's, TCP's or UDP's, carried on into the network namespace (native/forward.h)
 *   publish-to ADDRESS SOURCE         the container's, one a family; who clients of the host's loopback are to it
 *   hub DIR PLAN [COMMAND...]         its user namespace is made within the hub's (native/hub.h), which is started by PLAN
 *                                     (to the launcher, or to COMMAND that ends in it) where none runs; uidmap and gidmap are of ids
 *                                     in there; `@pid@` in a word of COMMAND: who starts it
 *   hub-attach NETWORK PLAN           it comes into a network: id, and the operations of `hub networks` below
 *   notify SOCKET conmon|container    systemd is told that it runs: sd_notify(3), native/notify.h
 *   cgroup-...                        rootless/cgroup/plan.ts
 *
 * Its root and its world, in this order
 *   root-target DIR                   where the root is mounted
 *   root-overlay UPPER WORK LOWER...  | root-fuse ARGV... (`@target@`) | root-bind DIR; lowers from top to bottom
 *   hint TEXT                         printed below an error of the next operation
 *   volume-fill DATA FIRST-USE PATH UID GID sync|-    rootless/native/fill.h
 *   root-propagation WORDS, mount TYPE SOURCE PATH FLAGS DATA, bind SOURCE PATH FLAGS [SUBPATH],
 *   mount-filled (as mount: with a copy of what was there), mount-memory DIR copy|empty PATH FLAGS DATA (rootless/native/memory.h), overlay PATH FLAGS SCRATCH SUBPATH LOWER...,
 *   idmap SOURCE PATH FLAGS SUBPATH UIDS GIDS (a bind with other owners: tables FOUND:SHOWN:SIZE[,...], rootless/native/idmap.h),
 *   bind-of STATE SOURCE PATH FLAGS (a directory in the world of the container with that RUNTIME/state),
 *   secrets PATH (a tmpfs of the secrets of `secret NAME FILE TARGET UID GID MODE`, rootless/native/secrets.h),
 *   symlink TARGET PATH, sysctl KEY VALUE, hostname NAME, domainname NAME, pivot, terminal ..., masked PATH,
 *   readonly PATH, cwd PATH, root-readonly
 *   FLAGS: ro nosuid nodev noexec noatime relatime private slave shared rec ... separated by commas, `-`: none
 *
 * Its process
 *   rlimit NAME SOFT HARD, oom-score-adj N, umask OCTAL, user UID GID GROUP,...|-, no-new-privileges, seccomp HEX,
 *   keep-groups (those of the caller), capabilities BOUNDING EFFECTIVE PERMITTED INHERITABLE AMBIENT (hexadecimal),
 *   init, env NAME=VALUE, secret-env NAME FILE VARIABLE, exec ARGV... | idle (no command: process 1 reaps, and ends when it is told to)
 *
 * exec: target PID START or target-state FILE (RUNTIME/state), join KINDS, cgroup-join PATH or cgroup-join-target, and
 *       the process's operations
 * check: as exec, and check-timeout MS; what it says is in rootless/native/check.h
 * enter: where its jobs run. With uidmap: as root of a new user namespace, and with root-target, the root, binds,
 *        root-readonly: in a mount namespace of its own with that root. With target PID START and join: in a running
 *        container's. Without any: as the caller.
 *        hold DIR (flock(2), exit status 75 when it is taken), apply DIR [PATH FLAGS] and pack (rootless/file-ops.ts),
 *        copy-owners UIDS GIDS, copy-tree FROM... TO, remove PATH..., probe-overlay DIR, exec ARGV...,
 *        chown UID GID PATH... (all in it too), disk-usage PATH..., sync DIR (rootless/native/tree-jobs.h),
 *        attributes (rootless/native/pack-attributes.h)
 *        mount-root (the plan's root, mounted on root-target in the caller's own mount namespace), unmount PATH [detach],
 *        pack DIR PATH NAME FLAGS: writes what is at PATH below DIR under NAME. FLAGS of
 *          follow (a link at the end), shallow (not what is in it), list (no data), own (DIR without what is mounted in it)
 *        pack-layer FLAGS UPPER LOWER...: writes a writable layer; FLAGS of list, marks (names `.wh.NAME` hide, as
 *          fuse-overlayfs has it), settle (UPPER becomes a layer: no directory stays opaque), whole (UPPER is a copy of all, made until since=NANOSECONDS: what has changed is written)
 *        apply's FLAGS: `kinds`: no directory takes the place of anything else, and nothing else that of a directory
 * hub: runtime DIR, the outer namespace's uidmap and gidmap, cgroup-...
 * hub-ask: hub DIR, container ID DIR, target-state FILE; hub-detach NETWORK PLAN, hub-attach NETWORK PLAN, hub-change NETWORK PLAN
 *        (names, addresses and routes of who is in it)
 * hub networks (not a role's but words within hub-attach): the network as its first member brings it:
 *        bridge ADDRESS/PREFIX... (its gateways), uplink ARGV..., uplink6 GATEWAY SUBNET (native/hub-uplink6.h), resolver [UPSTREAM]; and the member:
 *        link NAME MAC MTU (0: the kernel's choice), address ADDRESS/PREFIX, route GATEWAY, name NAME, dns SERVER (asked in its place)
 * hub-return: runtime DIR   the monitor brings its container back into networks that it has lost (native/hub-return.h)
 * check-now: runtime DIR
 * attach: runtime DIR, attach STREAMS, detach-keys BYTES, no-sig-proxy
 * wait: runtime DIR      the exit code is printed when the container has ended
 * lock: lock PATH
 * signal: target PID START, signal N     to all processes of the pid namespace that this one is the first of
 */

const PLAN_VERSION = 1;

export type Role =
  | 'run'
  | 'exec'
  | 'attach'
  | 'check'
  | 'check-now'
  | 'enter'
  | 'hub'
  | 'hub-ask'
  | 'hub-return'
  | 'lock'
  | 'rotate'
  | 'signal'
  | 'wait';
export type Operation = readonly string[];

const SPECIAL = /[^!-&(-[\]-~]/; // anything but printable ASCII without space, quote and backslash

function escapeByte(byte: number): string {
  return `\\${byte.toString(8).padStart(3, '0')}`;
}

/** One word of a plan. A NUL can't be in it: no argument, path or variable of the kernel's can hold one. */
export function encodeWord(word: string): string {
  if (word === '') return "''";
  if (!SPECIAL.test(word)) return word;
  let out = '';
  for (const byte of Buffer.from(word)) {
    if (byte === 0) throw new TypeError('a word of a plan holds a NUL byte');
    const character = String.fromCharCode(byte);
    out += SPECIAL.test(character) ? escapeByte(byte) : character;
  }
  return out;
}

/** The plan as the launcher reads it. */
export function encodePlan(role: Role, operations: readonly Operation[]): string {
  let text = `plan ${PLAN_VERSION} ${role}\n`;
  for (const operation of operations) text += `${operation.map(encodeWord).join(' ')}\n`;
  return text;
}

/**
 * A plan's text with other operations in place of all those that `replaced` names, where the first of them stood; a plan
 * that has none of them gets them behind its first line.
 */
export function replaceOperations(
  text: string,
  replaced: (name: string) => boolean,
  operations: readonly Operation[],
): string {
  const lines = text.split('\n');
  const is = (line: string) => replaced(line.split(' ', 1)[0]!);
  const first = lines.findIndex((line, index) => index > 0 && is(line));
  const at = first < 0 ? 1 : first;
  const kept = (line: string, index: number) => index === 0 || !is(line);
  return [
    ...lines.slice(0, at),
    ...operations.map((operation) => operation.map(encodeWord).join(' ')),
    ...lines.slice(at).filter((line, index) => kept(line, at + index)),
  ].join('\n');
}
