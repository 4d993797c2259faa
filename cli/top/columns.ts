import type { Capabilities, SeenProcess } from '../../core/container/top.ts';
import { elapsedTime, padded, processorTime, startDay, terminalName } from './times.ts';

export interface Column {
  /** As ps(1) and podman-top(1) call it, all in small letters. */
  names: string[];
  title: string;
  value: (process: SeenProcess) => string;
}

const column = (names: string, title: string, value: Column['value']): Column => ({
  names: names.split(' '),
  title,
  value,
});

function commandLine({ args, command, state }: SeenProcess): string {
  if (args.length > 0) return args.join(' ');
  return state === 'Z' ? `[${command}] <defunct>` : `[${command}]`;
}

function share({ cpuSeconds, elapsed }: SeenProcess): number {
  return elapsed > 0 ? (cpuSeconds / elapsed) * 100 : 0;
}

/** ps(1), PROCESS STATE CODES. */
function state({ state, nice, session, pid, threads }: SeenProcess): string {
  const priority = nice < 0 ? '<' : nice > 0 ? 'N' : '';
  return `${state}${priority}${session === pid && pid !== 0 ? 's' : ''}${threads > 1 ? 'l' : ''}`;
}

const listed = (capabilities: Capabilities): string =>
  typeof capabilities === 'string' ? capabilities : capabilities.join(',');
const kibibytes = (bytes: number): string => String(Math.floor(bytes / 1024));
const id = (value: number | undefined, host: number): string => String(value ?? host);

/** Every column that `top` can show. */
export const COLUMNS: readonly Column[] = [
  column('user euser uname', 'USER', (one) => one.user.name),
  column('ruser', 'RUSER', (one) => one.realUser.name),
  column('uid euid', 'UID', (one) => id(one.user.id, one.hostUser)),
  column('ruid', 'RUID', (one) => id(one.realUser.id, one.hostUser)),
  column('group egroup', 'GROUP', (one) => one.group.name),
  column('rgroup', 'RGROUP', (one) => one.realGroup.name),
  column('gid egid', 'GID', (one) => id(one.group.id, one.hostGroup)),
  column('groups supgrp', 'GROUPS', (one) => one.groups.join(',') || '-'),
  column('huser', 'HUSER', (one) => String(one.hostUser)),
  column('hgroup', 'HGROUP', (one) => String(one.hostGroup)),
  column('hgroups', 'HGROUPS', (one) => one.hostGroups.join(',') || '-'),
  column('hpid', 'HPID', (one) => String(one.hostPid)),
  column('pid tgid', 'PID', (one) => String(one.pid)),
  column('ppid', 'PPID', (one) => String(one.parentPid)),
  column('pgid pgrp', 'PGID', (one) => String(one.processGroup)),
  column('sid sess session', 'SID', (one) => String(one.session)),
  column('comm ucmd ucomm', 'COMMAND', (one) => one.command),
  column('args command', 'COMMAND', commandLine),
  column('cmd', 'CMD', commandLine),
  column('c', 'C', (one) => String(Math.min(99, Math.floor(share(one))))),
  column('pcpu %cpu', '%CPU', (one) => share(one).toFixed(1)),
  column('pmem %mem', '%MEM', (one) => one.memoryPercent.toFixed(1)),
  column('etime', 'ELAPSED', (one) => elapsedTime(one.elapsed)),
  column('etimes', 'ELAPSED', (one) => String(Math.floor(one.elapsed))),
  column('time cputime', 'TIME', (one) => processorTime(one.cpuSeconds)),
  column('bsdtime', 'TIME', (one) => {
    const seconds = Math.floor(one.cpuSeconds);
    return `${Math.floor(seconds / 60)}:${padded(seconds % 60)}`;
  }),
  column('stime start_time bsdstart', 'STIME', (one) => startDay(one.startedAt)),
  column('start', 'STARTED', (one) => new Date(one.startedAt).toTimeString().slice(0, 8)),
  column('lstart', 'STARTED', (one) => new Date(one.startedAt).toString().slice(0, 24)),
  column('tty tt tname', 'TTY', (one) => terminalName(one.terminal)),
  column('stat', 'STAT', state),
  column('state', 'STATE', (one) => one.state),
  column('s', 'S', (one) => one.state),
  column('nice ni', 'NI', (one) => String(one.nice)),
  column('pri', 'PRI', (one) => String(39 - one.priority)),
  column('vsz vsize', 'VSZ', (one) => kibibytes(one.virtualBytes)),
  column('rss rssize', 'RSS', (one) => kibibytes(one.residentBytes)),
  column('sz', 'SZ', (one) => String(Math.floor(one.virtualBytes / 4096))),
  column('nlwp thcount', 'NLWP', (one) => String(one.threads)),
  column('seccomp', 'SECCOMP', (one) => ['disabled', 'strict', 'filter'][one.seccomp] ?? '?'),
  column('label', 'LABEL', (one) => one.label || '-'),
  column('capamb', 'AMBIENT CAPS', (one) => listed(one.capabilities.ambient)),
  column('capbnd', 'BOUNDING CAPS', (one) => listed(one.capabilities.bounding)),
  column('capeff', 'EFFECTIVE CAPS', (one) => listed(one.capabilities.effective)),
  column('capinh', 'INHERITED CAPS', (one) => listed(one.capabilities.inheritable)),
  column('capprm', 'PERMITTED CAPS', (one) => listed(one.capabilities.permitted)),
];
