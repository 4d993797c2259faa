import { join } from 'node:path';
import { mergeCapabilities } from '../../rootless/capabilities.ts';
import { launchPrefix } from '../../rootless/cgroup/plan.ts';
import { checkPassed, handOver } from '../../rootless/launcher.ts';
import type { OciSpec } from '../../rootless/oci-spec.ts';
import { encodePlan, type Operation } from '../../rootless/plan.ts';
import { PodError } from '../error.ts';
import { eventsOperation } from '../events.ts';
import { launcherPath } from '../launcher.ts';
import type { Paths } from '../paths.ts';
import { writeFile } from '../write-file.ts';
import { emitContainerEvent, subjectFile } from './events.ts';
import { joiningOperations } from './exec-plan.ts';
import type { HostFacts } from './facts.ts';
import { detachBytes } from './flags/detach-keys.ts';
import { buildEnvironment } from './flags/environment.ts';
import { readFileBelow } from './live-file.ts';
import { newId } from './name.ts';
import { ownGroup } from './own-group.ts';
import { refusePaused } from './pause.ts';
import type { ContainerRecord } from './record.ts';
import { secretVariables } from './secret-plan.ts';
import { containerState } from './state.ts';
import { containerDirectory, readSpec, runtimeDirectory } from './store.ts';
import { resolveUser } from './user.ts';

export interface ExecOptions {
  command: string[];
  detach: boolean;
  interactive: boolean;
  tty: boolean;
  privileged: boolean;
  /** Descriptors from 3 on that the command gets. */
  preserveFds: number;
  env: string[];
  envFile: string[];
  user?: string | undefined;
  workdir?: string | undefined;
  detachKeys?: string | undefined;
}

export interface ExecContext {
  paths: Paths;
  environment: NodeJS.ProcessEnv;
  host: HostFacts;
  terminalSize?: { rows: number; columns: number } | undefined;
}

/** The process of an `exec`: the container's own, but for what was asked. */
function processOf(
  options: ExecOptions,
  context: ExecContext,
  spec: OciSpec,
  root: string,
): OciSpec['process'] {
  const own = spec.process;
  const read = (path: string) => readFileBelow(root, path);
  const user = options.user === undefined ? undefined : resolveUser(options.user, [], read);
  const uid = user?.uid ?? own.user.uid;
  const capabilities = options.privileged
    ? mergeCapabilities({ privileged: true, root: uid === 0 })
    : own.capabilities;
  const kept = options.user === undefined || options.privileged ? capabilities : mergedFor(uid, capabilities);
  const home = user ? [`HOME=${user.home}`] : [];
  const inherited = user ? own.env.filter((variable) => !variable.startsWith('HOME=')) : own.env;
  const terminal =
    options.tty && !own.env.some((variable) => variable.startsWith('TERM=')) ? ['TERM=xterm'] : [];
  const env = buildEnvironment({
    image: [...inherited, ...home, ...terminal],
    files: options.envFile,
    flags: options.env,
    host: context.environment,
    hostname: undefined,
    tty: false,
    home: '/',
  });
  return {
    ...own,
    terminal: options.tty,
    args: options.command,
    cwd: options.workdir ?? own.cwd,
    env,
    user: user
      ? {
          uid: user.uid,
          gid: user.gid,
          additionalGids: user.groups,
          ...(own.user.umask !== undefined && { umask: own.user.umask }),
        }
      : own.user,
    capabilities: kept,
  };
}

/** Another user than the container's has the bounding set, and as root all of it. */
function mergedFor(uid: number, own: OciSpec['process']['capabilities']): OciSpec['process']['capabilities'] {
  const { bounding } = own;
  if (uid === 0) return { bounding, effective: bounding, permitted: bounding, inheritable: [], ambient: [] };
  return { bounding, effective: [], permitted: [], inheritable: [], ambient: [] };
}

/** Runs a command in a running container: its exit status, unless the launcher takes this process's place. */
export function execInContainer(
  record: ContainerRecord,
  options: ExecOptions,
  context: ExecContext,
): Promise<number> {
  const { paths, host } = context;
  checkPassed(options.preserveFds);
  const state = containerState(paths, record);
  const spec = readSpec(paths, record.id);
  refusePaused(state, record, 'execute in');
  if (state.status !== 'running' || !state.process || !spec) {
    throw new PodError({
      code: 'conflict',
      message: `cannot execute in ${record.name}`,
      why: 'it is not running',
      hint: `tsc-pod start ${record.name}`,
    });
  }
  const { pid, start } = state.process;
  const own = processOf(options, context, spec, `/proc/${pid}/root`);
  const group = ownGroup(host.cgroups.mount, record.id, state.process);
  const operations: Operation[] = [
    ['unlink-plan'],
    eventsOperation(paths, subjectFile(containerDirectory(paths, record.id))),
  ];
  operations.push(['stdin', options.interactive && !options.detach ? 'inherit' : 'null']);
  if (options.detach) operations.push(['detach']);
  if (options.preserveFds > 0) operations.push(['preserve-fds', String(options.preserveFds)]);
  operations.push(['detach-keys', detachBytes(options.detachKeys ?? record.detachKeys)]);
  if (options.tty)
    operations.push([
      'terminal',
      String(context.terminalSize?.rows ?? 0),
      String(context.terminalSize?.columns ?? 0),
    ]);
  const joining = {
    target: ['target', String(pid), start],
    cgroup: group ? [['cgroup-join', group]] : [],
    confined: !options.privileged,
    secrets: secretVariables(paths, record),
  };
  operations.push(...joiningOperations(spec, own, joining));
  const file = join(runtimeDirectory(paths, record.id), `exec-${newId().slice(0, 16)}`);
  writeFile(file, encodePlan('exec', operations), { mode: 0o600 });
  const command = options.command.join(' ');
  for (const action of ['exec_create', 'exec_start'])
    emitContainerEvent(paths, record, `${action}: ${command}`);
  const prefix = group ? launchPrefix(host.cgroups, `exec-${newId().slice(0, 16)}`) : [];
  return handOver(launcherPath(), file, prefix, options.preserveFds);
}
