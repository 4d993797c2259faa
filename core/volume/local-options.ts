/** Options of the driver `local`: `-o type=tmpfs -o device=tmpfs -o o=size=100m`, docker-volume-create(1). */

import { isAbsolute } from 'node:path';
import { parseSize } from '../container/flags/size.ts';
import { PodError } from '../error.ts';

/** What a volume's files are. */
export interface VolumeKind {
  /** directory: one of the store; bind: `device`; tmpfs: memory that each container has for itself. */
  kind: 'directory' | 'bind' | 'tmpfs';
  /** bind: an absolute path of the host. */
  device?: string;
  /** Mount options, of the words that mounts/words.ts and tmpfs(5) know. */
  words: string[];
  /** Nothing of the image is copied into it. */
  nocopy: boolean;
  /** directory: whom a new volume belongs to, in the container's ids. */
  owner?: { uid: number; gid: number };
}

const KEYS = new Set(['type', 'device', 'o']);
const ACCESS =
  /^(ro|rw|nosuid|suid|nodev|dev|noexec|exec|noatime|relatime|nodiratime|r?(private|shared|slave|unbindable))$/;
const OF_TMPFS = /^((mode=[0-7]{1,4})|((uid|gid|nr_inodes)=\d{1,10}))$/;

function refuse(option: string, why: string, hint?: string): PodError {
  return new PodError({
    code: 'unsupported',
    message: `cannot make a volume with -o ${option}`,
    why,
    hint,
  });
}

/** What the options of a volume mean. Throws PodError `usage` and `unsupported`, naming the option. */
export function readLocalOptions(options: Readonly<Record<string, string>>): VolumeKind {
  const odd = Object.keys(options).find((key) => !KEYS.has(key));
  if (odd !== undefined)
    throw refuse(`${odd}=${options[odd]}`, 'the driver local has type, device and o', `-o o=${odd}=…`);
  const { type = '', device = '' } = options;
  const words = (options.o ?? '').split(',').filter((word) => word !== '');
  const binds = words.some((word) => word === 'bind' || word === 'rbind');
  if (type === 'tmpfs') return tmpfs(words);
  if (type === 'bind' || ((type === 'none' || type === '') && binds)) return bind(device, words);
  if (type === '' && device === '') return directory(words);
  if (type === '')
    throw refuse(`device=${device}`, 'a device needs a type', `-o type=none -o o=bind -o device=${device}`);
  if (type === 'none')
    throw refuse('type=none', 'it is a bind or nothing', '-o type=none -o o=bind -o device=/some/path');
  throw refuse(
    `type=${type}`,
    `the kernel lets only root of the host mount ${type}`,
    `sudo mount -t ${type} ${device || 'DEVICE'} /mnt   # and then: tsc-pod run -v /mnt:/path`,
  );
}

function tmpfs(words: readonly string[]): VolumeKind {
  const taken = words.map((word) => {
    if (ACCESS.test(word) || OF_TMPFS.test(word)) return word;
    if (word.startsWith('size=')) return `size=${sizeOf(word.slice('size='.length))}`;
    if (word.startsWith('nr_blocks=') || word !== 'nocopy')
      throw refuse(`o=${word}`, 'a tmpfs has no such option');
    return '';
  });
  return { kind: 'tmpfs', words: taken.filter((word) => word !== ''), nocopy: words.includes('nocopy') };
}

/** tmpfs(5) takes a share of the memory, too. */
function sizeOf(text: string): string {
  return /^\d{1,3}%$/.test(text) ? text : String(parseSize(text, '-o o=size'));
}

function bind(device: string, words: readonly string[]): VolumeKind {
  if (!isAbsolute(device))
    throw refuse(
      'o=bind',
      device === '' ? 'it needs a device' : `device=${device}: it is no absolute path`,
      '-o device=/some/path',
    );
  for (const word of words)
    if (!ACCESS.test(word) && word !== 'bind' && word !== 'rbind' && word !== 'nocopy')
      throw refuseWord(word);
  return {
    kind: 'bind',
    device,
    words: words.filter((word) => word !== 'nocopy'),
    nocopy: words.includes('nocopy'),
  };
}

function directory(words: readonly string[]): VolumeKind {
  let owner: VolumeKind['owner'];
  const kept: string[] = [];
  for (const word of words) {
    const [, key, id] = /^(uid|gid)=(\d{1,10})$/.exec(word) ?? [];
    if (key) owner = { uid: 0, gid: 0, ...owner, [key]: Number(id) };
    else if (ACCESS.test(word)) kept.push(word);
    else if (word !== 'nocopy') throw refuseWord(word);
  }
  return { kind: 'directory', words: kept, nocopy: words.includes('nocopy'), ...(owner && { owner }) };
}

function refuseWord(word: string): PodError {
  const limits = /^(size|inodes|noquota)\b/.test(word);
  if (!limits) return refuse(`o=${word}`, 'there is no such option');
  return refuse(
    `o=${word}`,
    'a limit for a directory is a quota, which only root of the host can set',
    '-o type=tmpfs -o o=size=100m   # limits a volume in memory',
  );
}
