import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';

type Environment = Record<string, string | undefined>;

/** sd_booted(3). `root` is for tests. */
export function isSystemdHere(root = '/'): boolean {
  return existsSync(join(root, 'run/systemd/system'));
}

export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid!());
  }
}

/** Whether the user's services outlive the session and start with the machine: loginctl(1), enable-linger. */
export function isLingering(user = userName(), root = '/'): boolean {
  return existsSync(join(root, 'var/lib/systemd/linger', user));
}

/** Where this user's own units lie, systemd.unit(5); undefined without a home. */
export function userUnitDirectory({ XDG_CONFIG_HOME, HOME }: Environment): string | undefined {
  if (XDG_CONFIG_HOME?.startsWith('/')) return join(XDG_CONFIG_HOME, 'systemd/user');
  return HOME?.startsWith('/') ? join(HOME, '.config/systemd/user') : undefined;
}
