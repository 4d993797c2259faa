import { userInfo } from 'node:os';
import { isAbsolute } from 'node:path';

/**
 * The user's home: HOME, else what the user database says (cron and `env -i` set none; a relative one would be another in
 * each directory); undefined without both.
 */
export function homeOf({ HOME }: Readonly<Record<string, string | undefined>>): string | undefined {
  if (HOME && isAbsolute(HOME)) return HOME;
  try {
    return userInfo().homedir || undefined;
  } catch {
    return undefined; // The database doesn't know this user.
  }
}
