import { userInfo } from 'node:os';

/** The user's home: HOME, else what the user database says (cron and `env -i` set none); undefined without both. */
export function homeOf({ HOME }: Readonly<Record<string, string | undefined>>): string | undefined {
  if (HOME) return HOME;
  try {
    return userInfo().homedir || undefined;
  } catch {
    return undefined; // The database doesn't know this user.
  }
}
