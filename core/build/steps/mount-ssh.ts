/** RUN --mount=type=ssh: a socket of the step's own that leads to the user's agent, or to one of this process's with a key file. */

import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join, resolve } from 'node:path';
import { ownersNamespace } from '../../container/copy/place.ts';
import { PodError } from '../../error.ts';
import { enterAndDo } from '../../images/unpack/apply-job.ts';
import type { ContextEnvironment } from '../context/open-context.ts';
import type { RunMount } from '../dockerfile/dockerfile.ts';
import type { BuildOptions } from '../options.ts';
import { passOn, serveKeys } from '../ssh/agent.ts';
import { readKeyFile } from '../ssh/key-file.ts';
import type { BuildEnvironment } from './step.ts';

type SshMount = RunMount & { type: 'ssh' };

/** Takes a connection over. */
type Agent = (connection: Socket) => void;

export interface ForwardedAgent {
  /** Of the socket on the host. */
  readonly socket: string;
  close(): void;
}

/** The agent that `--ssh ID` names. undefined: none was given, and none is needed. */
export function agentOf(
  { options, contextEnvironment }: BuildEnvironment,
  { id, required }: SshMount,
): Agent | undefined {
  const given = options.ssh.map((text) => text.split('=')).findLast(([name]) => (name || 'default') === id);
  if (!given) {
    if (!required) return undefined;
    throw new PodError({
      code: 'not-found',
      message: `ssh agent ${id}: not given`,
      hint: `tsc-pod build --ssh ${id} …   # passes on the agent of SSH_AUTH_SOCK`,
    });
  }
  return agentAt(given, contextEnvironment);
}

/** Refuses agents that aren't there, and keys that can't be used, before anything is built. Throws PodErrors. */
export function checkAgents({ ssh }: Pick<BuildOptions, 'ssh'>, environment: Surroundings): void {
  for (const text of ssh) agentAt(text.split('='), environment);
}

type Surroundings = Pick<ContextEnvironment, 'environment' | 'workingDirectory'>;

/** `ID=SOCKET`, `ID=KEY,KEY…`; `ID` alone: the agent of SSH_AUTH_SOCK. */
function agentAt(given: readonly string[], { environment, workingDirectory }: Surroundings): Agent {
  const wish = given.slice(1).join('=') || environment.SSH_AUTH_SOCK;
  const kindOf = (path: string) => statSync(path, { throwIfNoEntry: false });
  const refusal = (why: string): PodError => {
    const message = `cannot use --ssh ${given.join('=')}`;
    const hint = 'eval $(ssh-agent) && ssh-add KEY   # starts an agent that has the key';
    return new PodError({ code: 'not-found', message, why, hint });
  };
  if (!wish) throw refusal('SSH_AUTH_SOCK is not set');
  const socket = resolve(workingDirectory, wish);
  if (kindOf(socket)?.isSocket()) return (one) => passOn(one, socket);
  const keys = wish.split(',').map((name) => {
    const file = resolve(workingDirectory, name);
    if (kindOf(file)?.isFile()) return readKeyFile(file);
    throw refusal(`${file} is neither the socket of an agent nor the file of a key`);
  });
  return (one) => serveKeys(one, keys);
}

/** Listens as long as the step runs; the socket has the mount's owner and mode. */
export async function forwardAgent(
  build: BuildEnvironment,
  agent: Agent,
  { mode, uid, gid }: SshMount,
): Promise<ForwardedAgent> {
  mkdirSync(build.runtime, { recursive: true, mode: 0o700 });
  const socket = join(build.runtime, randomBytes(4).toString('hex')); // short: unix(7)
  const server = createServer(agent);
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
