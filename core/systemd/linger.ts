import type { Paths } from '../paths.ts';
import { isLingering, isSystemdHere, userName } from './host.ts';
import { tellOnce } from './tell-once.ts';

/** Where systemd would end a container with the user's last session: says so, once in a store. */
export function warnWithoutLinger(
  paths: Pick<Paths, 'data'>,
  environment: Record<string, string | undefined>,
  notice: (line: string) => void,
): void {
  if (environment.TSC_POD_SYSTEMD_UNIT || !isSystemdHere() || process.geteuid!() === 0) return;
  const user = userName();
  if (isLingering(user)) return;
  const text = `Warning: your containers end when you log out: loginctl enable-linger ${user}   # keeps them`;
  tellOnce(paths, 'linger', text, notice);
}
