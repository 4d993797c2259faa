import { PodError } from '../error.ts';

/** The user a process runs as, in the container's own ids. */
export interface ContainerUser {
  uid: number;
  gid: number;
  groups: number[];
  home: string;
}

/** Reads a file of the container's; undefined when it has none. */
export type ReadFile = (path: string) => string | undefined;

const ID_MAX = 2 ** 32 - 2; // 2^32 - 1 is "no id" to the kernel, setresuid(2)

interface PasswdEntry {
  name: string;
  uid: number;
  gid: number;
  home: string;
}

interface GroupEntry {
  name: string;
  gid: number;
  members: string[];
}

function number(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,10}$/.test(text)) return undefined;
  const value = Number(text);
  return value <= ID_MAX ? value : undefined;
}

/** passwd(5); lines that are none are passed over. */
function parsePasswd(text: string | undefined): PasswdEntry[] {
  const entries: PasswdEntry[] = [];
  for (const line of text?.split('\n') ?? []) {
    const [name, , uid, gid, , home] = line.split(':');
    const [user, group] = [number(uid), number(gid)];
    if (name && user !== undefined && group !== undefined)
      entries.push({ name, uid: user, gid: group, home: home || '/' });
  }
  return entries;
}

/** group(5) */
function parseGroup(text: string | undefined): GroupEntry[] {
  const entries: GroupEntry[] = [];
  for (const line of text?.split('\n') ?? []) {
    const [name, , gid, members = ''] = line.split(':');
    const group = number(gid);
    if (name && group !== undefined) entries.push({ name, gid: group, members: members.trim().split(',') });
  }
  return entries;
}

function unknown(kind: string, name: string): PodError {
  return new PodError({
    code: 'not-found',
    message: `the image has no ${kind} ${JSON.stringify(name)}`,
    hint: `give a number, or a name of the image's /etc/${kind === 'user' ? 'passwd' : 'group'}`,
  });
}

/**
 * `USER[:GROUP]`, names or numbers, by the container's own passwd and group files. A name wins over a number; a user
 * that is in no file has group 0 and home `/`; without GROUP the user's further groups come with it.
 */
export function resolveUser(wish: string, groupAdd: readonly string[], read: ReadFile): ContainerUser {
  const colon = wish.indexOf(':');
  const userPart = colon < 0 ? wish : wish.slice(0, colon);
  const groupPart = colon < 0 ? '' : wish.slice(colon + 1);
  const passwd = parsePasswd(read('/etc/passwd'));
  const groups = parseGroup(read('/etc/group'));
  const asNumber = userPart === '' ? 0 : number(userPart);
  const entry = passwd.find((one) => one.name === userPart) ?? passwd.find((one) => one.uid === asNumber);
  const uid = entry?.uid ?? asNumber;
  if (uid === undefined) throw unknown('user', userPart);
  const findGroup = (name: string): number => {
    const gid = groups.find((one) => one.name === name)?.gid ?? number(name);
    if (gid === undefined) throw unknown('group', name);
    return gid;
  };
  const gid = groupPart === '' ? (entry?.gid ?? 0) : findGroup(groupPart);
  const further =
    groupPart === '' && entry
      ? groups.filter((one) => one.members.includes(entry.name)).map((one) => one.gid)
      : [];
  const all = [...further, ...groupAdd.map(findGroup)].filter((one) => one !== gid);
  return { uid, gid, groups: [...new Set(all)], home: entry?.home ?? '/' };
}
