/** Ways to spoil text: blindly, with words of its language, and, for JSON, with its structure kept. */
import { oneOf, type Random } from './chance.ts';

export type Mutate = (bytes: Buffer, others: readonly Buffer[], chance: Random) => Buffer;

const MOST = 16 << 10;
const BYTES = [0, 9, 10, 13, 0x20, 0x22, 0x2e, 0x2f, 0x3a, 0x40, 0x5c, 0x7f, 0x80, 0xc3, 0xff];
const NUMBERS = ['0', '-1', '1e999', '9007199254740993', '4294967296', '0.5', '00', '18446744073709551616'];

/** Spoils text; `words` are put in and exchanged. */
export function spoilText(words: readonly string[]): Mutate {
  return (bytes, others, chance) => {
    let out = Buffer.from(bytes);
    for (let times = 1 + chance(4); times > 0; times--) {
      const at = chance(out.length + 1);
      const to = Math.min(out.length, at + 1 + chance(chance(4) ? 8 : 64));
      const put = (what: Uint8Array, until = at): void => {
        out = Buffer.concat([out.subarray(0, at), what, out.subarray(until)]).subarray(0, MOST);
      };
      switch (chance(7)) {
        case 0:
          put(Buffer.of(chance(256)), Math.min(out.length, at + 1));
          break;
        case 1:
          put(Buffer.of(oneOf(BYTES, chance)));
          break;
        case 2:
          put(Buffer.alloc(0), to);
          break;
        case 3: {
          const piece = out.subarray(at, to);
          put(Buffer.concat(Array.from({ length: 1 + chance(chance(20) ? 3 : 300) }, () => piece)));
          break;
        }
        case 4:
          put(Buffer.from(oneOf(words, chance)), chance(2) ? to : at);
          break;
        case 5:
          put(Buffer.from(oneOf(NUMBERS, chance)), chance(2) ? to : at);
          break;
        default: {
          const other = oneOf(others, chance);
          const from = chance(other.length + 1);
          put(other.subarray(from, from + chance(200)), chance(2) ? to : at);
        }
      }
    }
    return out;
  };
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Spoils JSON: mostly values and keys, so that it can still be read. */
export function spoilJson(words: readonly string[]): Mutate {
  const blindly = spoilText(words);
  return (bytes, others, chance) => {
    if (chance(4) === 0) return blindly(bytes, others, chance);
    const read = (text: Buffer): Json | undefined => {
      try {
        return JSON.parse(text.toString()) as Json;
      } catch {
        return undefined;
      }
    };
    let document = read(bytes);
    if (document === undefined) return blindly(bytes, others, chance);
    for (let times = 1 + chance(3); times > 0; times--)
      document = changed(document, words, read(oneOf(others, chance)) ?? null, chance);
    try {
      return Buffer.from(JSON.stringify(document)).subarray(0, MOST);
    } catch {
      return blindly(bytes, others, chance); // deeper than JSON.stringify can go; JSON.parse can
    }
  };
}

function changed(value: Json, words: readonly string[], other: Json, chance: Random): Json {
  if (typeof value !== 'object' || value === null || chance(6) === 0)
    return anything(value, words, other, chance);
  const keys = Object.keys(value);
  const key = keys.length > 0 ? oneOf(keys, chance) : '0';
  if (Array.isArray(value)) {
    const copy = [...value];
    const at = Number(key);
    if (copy.length === 0 || chance(5) === 0)
      copy.splice(at, chance(2), anything(null, words, other, chance));
    else copy[at] = changed(copy[at] as Json, words, other, chance);
    if (chance(10) === 0) copy.push(copy[at] as Json);
    return copy;
  }
  const copy: { [key: string]: Json } = { ...value };
  const put = (name: string, what: Json): void => {
    Object.defineProperty(copy, name, { value: what, enumerable: true, configurable: true, writable: true });
  };
  const way = chance(8);
  if (way === 0) delete copy[key];
  else if (way === 1 || keys.length === 0) put(oneOf(words, chance), anything(null, words, other, chance));
  else put(key, changed(copy[key] as Json, words, other, chance));
  return copy;
}

function anything(value: Json, words: readonly string[], other: Json, chance: Random): Json {
  const text = oneOf(words, chance);
  const choices: (() => Json)[] = [
    () => null,
    () => chance(2) === 0,
    () => oneOf([0, -1, 1.5, 2 ** 53, 1e308, 2 ** 31, chance(1000)], chance),
    () => text,
    () => '',
    () => (typeof value === 'string' ? value.slice(0, chance(value.length + 1)) + text : text),
    () => 'x'.repeat(chance(5000)),
    () => [value],
    () => ({ [text]: value }),
    () => [],
    () => ({}),
    () => other,
    () => `${text}\u0000\u202e\ud800`,
    () => {
      let deep: Json = value;
      for (let depth = chance(3000); depth > 0; depth--) deep = [deep];
      return deep;
    },
  ];
  return oneOf(choices, chance)();
}
