/** RUN --mount=type=ssh: a socket of the step's own that leads to the user's agent. */

import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { ownersNamespace } from '../../container/copy/place.ts';
import { PodError } from '../../error.ts';
import { enterAndDo } from '../../images/unpack/apply-job.ts';
import type { ContextEnvironment } from '../context/open-context.ts';
import type { RunMount } from '../dockerfile/dockerfile.ts';
import type { BuildOptions } from '../options.ts';
import type { BuildEnvironment } from './step.ts';

type SshMount = RunMount & { type: 'ssh' };

export interface ForwardedAgent {
  /** Of the socket on the host. */
  readonly socket: string;
  close(): void;
}

/** The agent that `--ssh ID` names. undefined: none was given, and none is needed. */
export function agentOf(
  { options, contextEnvironment }: BuildEnvironment,
  { id, required }: SshMount,
): string | undefined {
  const given = options.ssh.map((text) => text.split('=')).findLast(([name]) => (name || 'default') === id);
  if (!given) {
    if (!required) return undefined;
    throw new PodError({
      code: 'not-found',
      message: `ssh agent ${id}: not given`,
      hint: `tsc-pod build --ssh ${id} …   # passes on the agent of SSH_AUTH_SOCK`,
    });
  }
  return socketOf(given, contextEnvironment);
}

/** Refuses agents that aren't there, before anything is built. Throws PodError `not-found`. */
export function checkAgents({ ssh }: Pick<BuildOptions, 'ssh'>, environment: Surroundings): void {
  for (const text of ssh) socketOf(text.split('='), environment);
}

type Surroundings = Pick<ContextEnvironment, 'environment' | 'workingDirectory'>;

function socketOf(given: readonly string[], { environment, workingDirectory }: Surroundings): string {
  const wish = given.slice(1).join('=') || environment.SSH_AUTH_SOCK;
  const socket = wish && resolve(workingDirectory, wish);
  if (socket && statSync(socket, { throwIfNoEntry: false })?.isSocket()) return socket;
  throw new PodError({
    code: 'not-found',
    message: `cannot use --ssh ${given.join('=')}`,
    why: socket ? `${socket} is no socket of an agent` : 'SSH_AUTH_SOCK is not set',
    hint: 'eval $(ssh-agent) && ssh-add KEY   # starts an agent that has the key',
  });
}

/** Listens as long as the step runs; the socket has the mount's owner and mode. */
export async function forwardAgent(
  build: BuildEnvironment,
  agent: string,
  { mode, uid, gid }: SshMount,
): Promise<ForwardedAgent> {
  mkdirSync(build.runtime, { recursive: true, mode: 0o700 });
  const socket = join(build.runtime, randomBytes(4).toString('hex')); // short: unix(7)
  const server = createServer((one) => {
    const other = connect(agent);
    one.on('error', () => other.destroy());
    other.on('error', () => one.destroy());
    one.pipe(other).pipe(one);
  });
  await new Promise<void>((done, failed) => server.once('error', failed).listen(socket, done));
  server.unref();
  chmodSync(socket, mode);
  if (uid !== 0 || gid !== 0)
    await enterAndDo(ownersNamespace(build.host), ['chown', String(uid), String(gid), socket]);
  return {
    socket,
    close: () => {
      server.close();
      rmSync(socket, { force: true });
    },
  };
}
