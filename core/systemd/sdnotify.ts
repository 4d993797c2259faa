import { statSync } from 'node:fs';
import type { OciMount } from '../../rootless/oci-spec.ts';
import { PodError } from '../error.ts';

/** Who tells systemd that a unit has started: the container itself, its monitor, or nobody. podman-run(1), --sdnotify. */
export type NotifyMode = 'container' | 'conmon' | 'ignore';

/** Where the container finds the socket. */
const INSIDE = '/run/notify/notify.sock';

/** Throws PodError `usage`. */
export function parseNotifyMode(text: string | undefined): NotifyMode {
  if (text === undefined) return 'container';
  if (text === 'container' || text === 'conmon' || text === 'ignore') return text;
  throw new PodError({
    code: 'usage',
    message: `cannot use --sdnotify ${text}`,
    why: 'there is no such mode',
    hint: '--sdnotify takes container, conmon or ignore',
  });
}

/**
 * The socket of `environment` as the container gets it. An abstract one is reached by its name, if the network is the
 * host's; nothing is given where there is none.
 */
export function notifyMounts(
  mode: NotifyMode,
  environment: NodeJS.ProcessEnv,
): { mounts: OciMount[]; env: string[] } {
  const socket = environment.NOTIFY_SOCKET;
  if (mode !== 'container' || !socket) return { mounts: [], env: [] };
  if (socket.startsWith('@')) return { mounts: [], env: [`NOTIFY_SOCKET=${socket}`] };
  if (!socket.startsWith('/') || !statSync(socket, { throwIfNoEntry: false })?.isSocket())
    return { mounts: [], env: [] };
  const mount = {
    destination: INSIDE,
    type: 'bind',
    source: socket,
    options: ['bind', 'nosuid', 'nodev', 'noexec'],
  };
  return { mounts: [mount], env: [`NOTIFY_SOCKET=${INSIDE}`] };
}
