/** The user's unit that starts containers with a restart policy when the machine has started. */

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readlinkSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { replaceFile } from '../aside.ts';
import type { RestartPolicy } from '../container/flags/restart-policy.ts';
import { errnoOf } from '../error.ts';
import { findPaths, type Paths } from '../paths.ts';
import { isLingering, isSystemdHere, userName, userUnitDirectory } from './host.ts';
import { quoteLine } from './quote.ts';
import { tellOnce } from './tell-once.ts';

type Environment = Record<string, string | undefined>;

/** The name of the filter of `start --all`: its containers are those that shouldStartOnBoot() means. */
const BOOT_FILTER = 'should-start-on-boot=true';

/** Of another store than the user's usual one: a unit of its own. */
function unitName(paths: Pick<Paths, 'data'>, environment: Environment): string {
  const { XDG_DATA_HOME, HOME, XDG_RUNTIME_DIR } = environment;
  const usual = HOME || XDG_DATA_HOME ? findPaths({ XDG_DATA_HOME, HOME, XDG_RUNTIME_DIR }).data : undefined;
  if (paths.data === usual) return 'tsc-pod-restart.service';
  return `tsc-pod-restart-${createHash('sha256').update(paths.data).digest('hex').slice(0, 8)}.service`;
}

/** `program`: the absolute path of this binary. */
export function restartUnitText(program: string, data: string): string {
  return `# Made by tsc-pod for containers with --restart always or unless-stopped.
[Unit]
Description=Start the containers of tsc-pod that have a restart policy
StartLimitIntervalSec=0

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=${quoteLine([program, '--root', data, 'start', '--all', '--filter', BOOT_FILTER])}
KillMode=process

[Install]
WantedBy=default.target
`;
}

export interface RestartUnit {
  path: string;
  state: 'enabled' | 'disabled' | 'none';
}

/** What is there of the unit; undefined where there is no systemd. */
export function restartUnit(paths: Pick<Paths, 'data'>, environment: Environment): RestartUnit | undefined {
  const directory = userUnitDirectory(environment);
  if (!isSystemdHere() || !directory) return undefined;
  const name = unitName(paths, environment);
  const path = join(directory, name);
  const enabled = linkTarget(join(directory, 'default.target.wants', name)) !== undefined;
  return { path, state: !existsSync(path) ? 'none' : enabled ? 'enabled' : 'disabled' };
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** Writes and enables the unit. True: it has changed. The user's manager reads it when it starts with the machine. */
export function writeRestartUnit(
  paths: Pick<Paths, 'data'>,
  environment: Environment,
  program: string,
): boolean {
  const directory = userUnitDirectory(environment);
  if (!directory) throw new TypeError('there is no home directory');
  const name = unitName(paths, environment);
  const path = join(directory, name);
  const link = join(directory, 'default.target.wants', name);
  const text = restartUnitText(program, paths.data);
  if (existsSync(path) && readFileSync(path, 'utf8') === text && linkTarget(link)) return false;
  mkdirSync(dirname(link), { recursive: true, mode: 0o755 });
  replaceFile(path, text);
  try {
    symlinkSync(`../${name}`, link);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
  return true;
}

/**
 * For a container with a policy that is to hold after a reboot too: makes the unit, or says why it can't, once in a store.
 * Never fails. For `create`, `run` and `update`.
 */
export function prepareForBoot(
  policy: RestartPolicy | undefined,
  { paths, environment, notice }: { paths: Paths; environment: Environment; notice: (line: string) => void },
): void {
  if (policy?.name !== 'always' && policy?.name !== 'unless-stopped') return;
  const cannot = (why: string): void =>
    tellOnce(paths, 'restart-unit', `Warning: it does not come back after a reboot: ${why}`, notice);
  if (!isSystemdHere()) {
    cannot('there is no systemd here');
    return;
  }
  try {
    writeRestartUnit(paths, environment, process.execPath);
  } catch (error) {
    cannot(`cannot write the user's systemd unit: ${(error as Error).message}`);
    return;
  }
  const user = userName();
  if (!isLingering(user) && process.geteuid!() !== 0)
    tellOnce(
      paths,
      'restart-linger',
      `Warning: after a reboot it comes back when you log in: loginctl enable-linger ${user}   # with the machine`,
      notice,
    );
}
