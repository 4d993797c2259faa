import { parseSize } from '../flags/size.ts';
import { checkIdmap } from './idmap.ts';
import { type MountRequest, refuse, subpathOf } from './request.ts';
import { isPropagation } from './words.ts';

export type MountType = 'bind' | 'volume' | 'tmpfs' | 'ramfs' | 'image' | 'devpts';

export const MOUNT_TYPES: readonly MountType[] = ['bind', 'volume', 'tmpfs', 'ramfs', 'image', 'devpts'];

/** One `key[=value]` at hand: what it changes, and how it is told. */
interface Field {
  request: MountRequest;
  key: string;
  /** undefined: there was no equals sign. */
  value: string | undefined;
}

type Take = (field: Field) => void;

function bad({ request, key, value }: Field, why: string) {
  return refuse(request.asked, `${key}${value === undefined ? '' : `=${value}`}: ${why}`);
}

function text(field: Field): string {
  if (!field.value) throw bad(field, 'it needs a value');
  return field.value;
}

/** Go's strconv.ParseBool, which both docker and podman take; the key alone is yes. */
function yes(field: Field): boolean {
  const { value } = field;
  if (value === undefined || /^(1|t|T|TRUE|true|True)$/.test(value)) return true;
  if (/^(0|f|F|FALSE|false|False)$/.test(value)) return false;
  throw bad(field, 'it is true or false');
}

const option =
  (word: string, opposite?: string): Take =>
  (field) => {
    if (yes(field)) field.request.options.push(word);
    else if (opposite) field.request.options.push(opposite);
  };

const mark =
  (property: 'chown' | 'nocopy' | 'create' | 'overlay'): Take =>
  (field) => {
    field.request[property] = yes(field);
  };

const number =
  (word: string, pattern: RegExp, kind: string): Take =>
  (field) => {
    if (!pattern.test(text(field))) throw bad(field, `it is no ${kind}`);
    field.request.options.push(`${word}=${field.value}`);
  };

const subpath: Take = (field) => {
  const path = subpathOf(field.request.asked, text(field));
  if (path !== undefined) field.request.subpath = path;
};

const recursive: Take = (field) => {
  const value = text(field);
  if (value === 'disabled') field.request.options.push('bind');
  // "writable" would leave what is mounted below a read-only mount writable, which nobody can mean by readonly.
  else if (!['enabled', 'readonly'].includes(value)) throw bad(field, 'it is enabled, disabled or readonly');
};

const relabel: Take = (field) => {
  if (!['shared', 'private', 'z', 'Z'].includes(text(field))) throw bad(field, 'it is shared or private');
};

const propagation: Take = (field) => {
  if (!isPropagation(text(field)))
    throw bad(field, 'it is shared, slave, private or unbindable, or one of them with r in front');
  field.request.options.push(field.value!);
};

const pairs =
  (property: 'labels' | 'volumeOptions'): Take =>
  (field) => {
    const pair = text(field);
    const equals = pair.indexOf('=');
    const [key, value] = equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
    field.request[property] = { ...field.request[property], [key]: value };
  };

const onlyLocal: Take = (field) => {
  if (text(field) !== 'local') throw bad(field, 'volumes are local');
};

const ignored: Take = (field) => {
  text(field);
};

const idmap: Take = (field) => {
  const { request, key, value } = field;
  if (value === undefined || !value.includes('=')) {
    if (yes(field)) request.options.push(key);
    return;
  }
  checkIdmap(request.asked, `${key}=${value}`);
  request.options.push(`${key}=${value}`);
};

const ACCESS: Record<string, Take> = {
  ro: option('ro'),
  rw: (field) => {
    if (!yes(field)) field.request.options.push('ro');
  },
  ...Object.fromEntries(
    ['suid', 'dev', 'exec'].flatMap((may) => [
      [`no${may}`, option(`no${may}`, may)],
      [may, option(may, `no${may}`)],
    ]),
  ),
};
const READONLY = { ...ACCESS, readonly: option('ro') };
const OWNERS = { U: mark('chown'), chown: mark('chown') };

const size: Take = (field) => {
  field.request.options.push(`size=${parseSize(text(field), `--mount ${field.key}`)}`);
};

const MEMORY: Record<string, Take> = {
  ...READONLY,
  ...OWNERS,
  'tmpfs-mode': number('mode', /^[0-7]{1,4}$/, 'octal mode'),
  mode: number('mode', /^[0-7]{1,4}$/, 'octal mode'),
  tmpcopyup: option('tmpcopyup', 'notmpcopyup'),
  notmpcopyup: option('notmpcopyup'),
};

/** What each key of `--mount` does, by type: docker's keys and podman's. Keys of docker's are taken in any case. */
const KEYS: Record<MountType, Record<string, Take>> = {
  bind: {
    ...READONLY,
    ...OWNERS,
    idmap,
    'bind-propagation': propagation,
    'bind-nonrecursive': option('bind'),
    'bind-recursive': recursive,
    'bind-create-src': mark('create'),
    create: mark('create'),
    consistency: ignored,
    relabel,
  },
  volume: {
    ...READONLY,
    ...OWNERS,
    idmap,
    nocopy: mark('nocopy'),
    'volume-nocopy': mark('nocopy'),
    subpath,
    'volume-subpath': subpath,
    'volume-label': pairs('labels'),
    'volume-opt': pairs('volumeOptions'),
    'volume-driver': onlyLocal,
    relabel,
  },
  tmpfs: {
    ...MEMORY,
    'tmpfs-size': size,
    size,
  },
  ramfs: MEMORY,
  image: {
    rw: mark('overlay'),
    readwrite: mark('overlay'),
    ro: ignoredReadonly(),
    readonly: ignoredReadonly(),
    subpath,
    'image-subpath': subpath,
  },
  devpts: {
    uid: number('uid', /^\d{1,10}$/, 'number'),
    gid: number('gid', /^\d{1,10}$/, 'number'),
    mode: number('mode', /^[0-7]{1,4}$/, 'octal mode'),
    max: number('max', /^\d{1,7}$/, 'number'),
  },
};

/** An image is read-only unless it is told otherwise. */
function ignoredReadonly(): Take {
  return (field) => {
    field.request.overlay = !yes(field);
  };
}

/** Carries out one key of a mount. Throws PodError `usage`, naming the key. */
export function takeKey(
  request: MountRequest,
  type: MountType,
  key: string,
  value: string | undefined,
): void {
  const keys = KEYS[type];
  const name = [key, key.toLowerCase()].find((one) => Object.hasOwn(keys, one));
  if (name !== undefined) {
    keys[name]!({ request, key, value });
    return;
  }
  throw refuse(
    request.asked,
    `unknown key ${JSON.stringify(key)} for type ${type}`,
    `the keys are source, destination, ${Object.keys(keys).join(', ')}`,
  );
}
