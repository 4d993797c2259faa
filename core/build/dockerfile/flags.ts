/** `--name=value` before an instruction's arguments. */

import type { PodError } from '../../error.ts';
import { nearest } from '../../nearest.ts';
import { boolean } from './directives.ts';
import { quoted } from './refusal.ts';

/** Throws what it makes of a reason and a hint. */
export type Refuse = (why: string, hint?: string) => PodError;

export type FlagKind = 'text' | 'texts' | 'switch';

type Value<Kind> = Kind extends 'texts'
  ? string[]
  : Kind extends 'switch'
    ? boolean | undefined
    : string | undefined;

export type Flags<Kinds extends Record<string, FlagKind>> = { [Name in keyof Kinds]: Value<Kinds[Name]> };

/** The flags that an instruction knows, by name. Throws for others, for one that is given twice, for one without a value. */
export function readFlags<const Kinds extends Record<string, FlagKind>>(
  words: readonly string[],
  kinds: Kinds,
  refuse: Refuse,
): Flags<Kinds> {
  const read: Record<string, unknown> = {};
  for (const [name, kind] of Object.entries(kinds)) read[name] = kind === 'texts' ? [] : undefined;
  for (const word of words) {
    const equals = word.indexOf('=');
    const name = word.slice(2, equals < 0 ? undefined : equals);
    const value = equals < 0 ? undefined : word.slice(equals + 1);
    const kind = Object.hasOwn(kinds, name) ? kinds[name]! : unknown(name, Object.keys(kinds), refuse);
    if (kind === 'texts') (read[name] as string[]).push(given(name, value, refuse));
    else if (read[name] !== undefined) throw refuse(`--${name} is given twice`);
    else read[name] = kind === 'text' ? given(name, value, refuse) : switched(name, value, refuse);
  }
  return read as Flags<Kinds>;
}

function given(name: string, value: string | undefined, refuse: Refuse): string {
  if (value === undefined) throw refuse(`--${name} has no value`, `write --${name}=VALUE`);
  return value;
}

function switched(name: string, value: string | undefined, refuse: Refuse): boolean {
  const read = value === undefined ? true : boolean(value);
  if (read === undefined) throw refuse(`--${name} is true or false, not ${quoted(value!)}`);
  return read;
}

function unknown(name: string, known: readonly string[], refuse: Refuse): never {
  const near = nearest(name, known);
  const all =
    known.length > 0 ? `there are: ${known.map((flag) => `--${flag}`).join(', ')}` : 'it has no flags';
  throw refuse(`there is no flag ${quoted(`--${name}`)}`, near ? `did you mean --${near}?` : all);
}
