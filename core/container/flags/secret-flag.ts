/** `--secret NAME[,type=mount|env,target=TARGET,uid=N,gid=N,mode=OCTAL]`, podman-run(1). */

import { isAbsolute, normalize } from 'node:path';
import { csvPairs } from '../../csv.ts';
import { PodError } from '../../error.ts';
import { findSecret, readSecretData, type SecretPaths } from '../../secret/store.ts';

/** A secret that a container has: by name, since what it is now is looked up at each start. */
export interface SecretUse {
  name: string;
  /** When the container was made, for `inspect`. */
  id: string;
  type: 'mount' | 'env';
  /** env: the variable; mount: a path below /run/secrets, or an absolute one. */
  target: string;
  /** Of a file, in the container's ids. */
  uid: number;
  gid: number;
  mode: number;
}

/** Where those are that have no absolute target. */
export const SECRETS_DIRECTORY = '/run/secrets';
/** Bytes of `NAME=VALUE`, with the NUL at its end: MAX_ARG_STRLEN, execve(2). */
const VARIABLE_MAX = 128 << 10;
const TARGETS = { dst: 'target', destination: 'target', src: 'source' } as Record<string, string>;

function refuse(value: string, why: string, hint?: string): PodError {
  return new PodError({
    code: 'usage',
    message: `cannot use --secret ${value}`,
    why,
    hint:
      hint ??
      'for example: --secret NAME, --secret NAME,type=env,target=VARIABLE, --secret NAME,mode=0400,uid=7',
  });
}

/** What the flag says; the secret isn't looked up, and has no id. Throws PodError `usage`. */
export function parseSecretFlag(value: string): Omit<SecretUse, 'id'> {
  const [first = ['', undefined], ...rest] = csvPairs(value) ?? [];
  const bare = first[1] === undefined;
  const given = new Map<string, string>();
  for (const [word, text] of bare ? rest : [first, ...rest]) {
    const key = word.toLowerCase();
    const name = TARGETS[key] ?? key;
    if (!['source', 'type', 'target', 'uid', 'gid', 'mode'].includes(name))
      throw refuse(
        value,
        `unknown option ${JSON.stringify(key)}`,
        'there is type, target, uid, gid and mode',
      );
    if (!text) throw refuse(value, `${key} needs a value`);
    given.set(name, text);
  }
  const name = bare ? first[0] : given.get('source');
  if (!name) throw refuse(value, 'no secret is named');
  const type = given.get('type') ?? 'mount';
  if (type !== 'mount' && type !== 'env') throw refuse(value, `type=${type}: there is mount and env`);
  if (type === 'env') return variable(value, name, given);
  return {
    name,
    type,
    target: fileTarget(value, given.get('target') ?? name),
    uid: id(value, 'uid', given.get('uid')),
    gid: id(value, 'gid', given.get('gid')),
    mode: mode(value, given.get('mode')),
  };
}

function variable(value: string, name: string, given: ReadonlyMap<string, string>): Omit<SecretUse, 'id'> {
  const odd = ['uid', 'gid', 'mode'].find((key) => given.has(key));
  if (odd !== undefined) throw refuse(value, `${odd}: a variable has none`);
  const target = given.get('target') ?? name;
  if (/[=\0]/.test(target)) throw refuse(value, `target=${target}: it is no name of a variable`);
  return { name, type: 'env', target, uid: 0, gid: 0, mode: 0 };
}

function fileTarget(value: string, target: string): string {
  const clean = normalize(target);
  if (target.endsWith('/') || target.split('/').includes('..') || clean === '.' || target.includes('\0'))
    throw refuse(value, `target=${target}: it is no path of a file`);
  if (!isAbsolute(clean)) return clean;
  const below = clean.startsWith(`${SECRETS_DIRECTORY}/`);
  if (clean === SECRETS_DIRECTORY) throw refuse(value, `target=${target}: it is no path of a file`);
  return below ? clean.slice(SECRETS_DIRECTORY.length + 1) : clean;
}

function id(value: string, key: string, text = '0'): number {
  if (!/^\d{1,10}$/.test(text) || Number(text) > 0xffff_fffe)
    throw refuse(value, `${key}=${text}: it is no number`);
  return Number(text);
}

function mode(value: string, text = '0444'): number {
  if (!/^[0-7]{1,4}$/.test(text)) throw refuse(value, `mode=${text}: it is no octal mode`);
  return Number.parseInt(text, 8);
}

/** The secrets that flags ask for. Throws PodError `not-found` for one that isn't there. */
export function secretsOf(flags: readonly string[], paths: SecretPaths): SecretUse[] {
  const uses = flags.map((flag) => {
    const asked = parseSecretFlag(flag);
    const { id, name } = findSecret(paths, asked.name);
    const byId = asked.target === asked.name ? { target: name } : {};
    const use = { ...asked, ...byId, name, id };
    if (use.type === 'env') checkVariable(flag, use, paths);
    return use;
  });
  for (const [index, { type, target }] of uses.entries())
    if (uses.findIndex((one) => one.type === type && one.target === target) < index)
      throw refuse(flags[index]!, `another secret has the target ${target}`);
  return uses;
}

function checkVariable(flag: string, { name, target }: SecretUse, paths: SecretPaths): void {
  const data = readSecretData(paths, name) ?? Buffer.alloc(0);
  const why = data.includes(0)
    ? 'it has a NUL byte, which no variable can hold'
    : target.length + 1 + data.length >= VARIABLE_MAX && `a variable has at most ${VARIABLE_MAX} bytes`;
  if (why) throw refuse(flag, why, `--secret ${name}   # as a file`);
}
