/** RUN --mount (Dockerfile reference, "RUN --mount"). */

import { posix } from 'node:path';
import { parseSize } from '../../container/flags/size.ts';
import { csvPairs } from '../../csv.ts';
import { PodError } from '../../error.ts';
import { nearest } from '../../nearest.ts';
import { boolean } from './directives.ts';
import type { MountFlag, RunMount } from './dockerfile.ts';
import type { Refuse } from './flags.ts';
import { quoted } from './refusal.ts';

type Type = RunMount['type'];
const TYPES: readonly Type[] = ['bind', 'cache', 'tmpfs', 'secret', 'ssh'];

/** The one name of each key. */
const KEYS: Record<string, string> = {
  type: 'type',
  from: 'from',
  source: 'source',
  src: 'source',
  target: 'target',
  dst: 'target',
  destination: 'target',
  readonly: 'readonly',
  ro: 'readonly',
  readwrite: 'readwrite',
  rw: 'readwrite',
  required: 'required',
  size: 'size',
  id: 'id',
  sharing: 'sharing',
  mode: 'mode',
  uid: 'uid',
  gid: 'gid',
  env: 'env',
};

/** What each type knows, beside `type`. */
const KNOWN: Record<Type, readonly string[]> = {
  bind: ['target', 'source', 'from', 'readonly', 'readwrite'],
  cache: ['target', 'id', 'sharing', 'from', 'source', 'mode', 'uid', 'gid', 'readonly', 'readwrite'],
  tmpfs: ['target', 'size', 'readonly', 'readwrite'],
  secret: ['target', 'id', 'source', 'env', 'required', 'mode', 'uid', 'gid', 'readonly'],
  ssh: ['target', 'id', 'required', 'mode', 'uid', 'gid', 'readonly'],
};
const SWITCHES = ['readonly', 'readwrite', 'required'];
const SHARING = ['shared', 'private', 'locked'] as const;

/** Checks what can be checked before variables are known: the keys, and `from`, in which none are expanded. */
export function mountFlag(text: string, refuse: Refuse): MountFlag {
  const fields = fieldsOf(text, refuse);
  const from = fields.get('from');
  if (from !== undefined && /\$./.test(from))
    throw refuse(
      'variables are not expanded in from= of --mount',
      'name the image in a stage: FROM $IMAGE AS name, and write from=name',
    );
  if (!text.includes('$')) parseRunMount(text, (word) => word, refuse);
  return from === undefined ? { text } : { text, from };
}

function fieldsOf(text: string, refuse: Refuse): Map<string, string> {
  const fields = new Map<string, string>();
  for (const [word, value] of csvPairs(text) ??
    fail(refuse(`--mount has an unclosed quote: ${quoted(text)}`))) {
    const typed = word.trim().toLowerCase();
    const key = Object.hasOwn(KEYS, typed)
      ? KEYS[typed]!
      : fail(unknownKey(typed, Object.keys(KEYS), refuse));
    if (value === undefined && !SWITCHES.includes(key))
      throw refuse(`${key} of --mount has no value`, `write ${key}=VALUE`);
    fields.set(key, value ?? 'true');
  }
  return fields;
}

function unknownKey(key: string, known: readonly string[], refuse: Refuse): Error {
  const near = nearest(key, known);
  return refuse(
    `--mount has no ${quoted(key)}`,
    near ? `did you mean ${near}?` : `there are: ${known.join(', ')}`,
  );
}

/** Reads a mount; `expand` replaces the variables of its values. Throws what `refuse` makes. */
export function parseRunMount(text: string, expand: (word: string) => string, refuse: Refuse): RunMount {
  const fields = new Map<string, string>();
  for (const [key, value] of fieldsOf(text, refuse)) fields.set(key, key === 'from' ? value : expand(value));
  const typed = fields.get('type')?.toLowerCase() ?? 'bind';
  const type = TYPES.find((known) => known === typed);
  if (!type) throw refuse(`--mount has no type ${quoted(typed)}`, `there are: ${TYPES.join(', ')}`);
  for (const key of fields.keys())
    if (key !== 'type' && !KNOWN[type].includes(key))
      throw refuse(`${key} is not for mounts of type ${type}`, `there are: ${KNOWN[type].join(', ')}`);
  return build(type, new Fields(fields, refuse));
}

class Fields {
  readonly #fields: ReadonlyMap<string, string>;
  readonly refuse: Refuse;

  constructor(fields: ReadonlyMap<string, string>, refuse: Refuse) {
    this.#fields = fields;
    this.refuse = refuse;
  }

  text(key: string): string | undefined {
    const value = this.#fields.get(key);
    return value === '' ? undefined : value;
  }

  target(): string {
    const target = this.text('target');
    if (target === undefined)
      throw this.refuse('--mount needs a target', 'write it as: --mount=target=/path,...');
    return target;
  }

  switched(key: string): boolean | undefined {
    const text = this.text(key);
    if (text === undefined) return undefined;
    return boolean(text) ?? fail(this.refuse(`${key} of --mount is true or false, not ${quoted(text)}`));
  }

  /** What is written is kept, or thrown away; `readonly` else. */
  writable(otherwise: boolean): boolean {
    const readOnly = this.switched('readonly');
    return this.switched('readwrite') ?? (readOnly === undefined ? otherwise : !readOnly);
  }

  number(key: string, base: 8 | 10, otherwise: number): number {
    const text = this.text(key);
    if (text === undefined) return otherwise;
    const value = (base === 8 ? /^[0-7]{1,5}$/ : /^\d{1,10}$/).test(text)
      ? Number.parseInt(text, base)
      : Number.NaN;
    if (value < 2 ** 32) return value;
    throw this.refuse(`${key} of --mount is no ${base === 8 ? 'octal ' : ''}number: ${quoted(text)}`);
  }

  /** Bytes: 1g, 512m, 4096. */
  size(): number | undefined {
    const text = this.text('size');
    if (text === undefined) return undefined;
    try {
      return parseSize(text, '--mount');
    } catch (error) {
      throw error instanceof PodError ? this.refuse(error.message, error.hint) : error;
    }
  }

  owner(mode: number) {
    return {
      mode: this.number('mode', 8, mode),
      uid: this.number('uid', 10, 0),
      gid: this.number('gid', 10, 0),
    };
  }

  from() {
    const from = this.text('from');
    return from === undefined ? {} : { from };
  }
}

function build(type: Type, fields: Fields): RunMount {
  switch (type) {
    case 'bind':
      return {
        type,
        target: fields.target(),
        source: fields.text('source') ?? '/',
        ...fields.from(),
        writable: fields.writable(false),
      };
    case 'cache': {
      const target = fields.target();
      const sharing = (fields.text('sharing') ?? 'shared').toLowerCase();
      const known = SHARING.find((name) => name === sharing);
      if (!known)
        throw fields.refuse(`--mount has no sharing ${quoted(sharing)}`, `there are: ${SHARING.join(', ')}`);
      return {
        type,
        target,
        id: fields.text('id') ?? posix.normalize(target),
        sharing: known,
        ...fields.from(),
        source: fields.text('source') ?? '/',
        ...fields.owner(0o755),
        readOnly: !fields.writable(true),
      };
    }
    case 'tmpfs': {
      const size = fields.size();
      return { type, target: fields.target(), ...(size === undefined ? {} : { size }) };
    }
    case 'secret':
      return secret(fields);
    case 'ssh': {
      const target = fields.text('target');
      return {
        type,
        id: fields.text('id') ?? 'default',
        ...(target === undefined ? {} : { target }),
        required: fields.switched('required') ?? false,
        ...fields.owner(0o600),
      };
    }
  }
}

function secret(fields: Fields): RunMount {
  const [given, source, target, env] = ['id', 'source', 'target', 'env'].map((key) => fields.text(key));
  if (given !== undefined && source !== undefined)
    throw fields.refuse('a secret has an id or a source, not both: they are the same');
  const id = given ?? source ?? (target === undefined ? undefined : posix.basename(target));
  if (!id) throw fields.refuse('a secret needs an id', 'write it as: --mount=type=secret,id=NAME');
  const file = target ?? (env === undefined ? `/run/secrets/${posix.basename(id)}` : undefined);
  return {
    type: 'secret',
    id,
    ...(file === undefined ? {} : { target: file }),
    ...(env === undefined ? {} : { env }),
    required: fields.switched('required') ?? false,
    ...fields.owner(0o400),
  };
}

function fail(error: Error): never {
  throw error;
}
