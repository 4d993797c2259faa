/**
 * JSON (RFC 8259) that means one thing to all who read it: a name that is given twice is refused, and what is wrong is
 * told with its place. For what decides about trust (containers-policy.json(5), containers-signature(5)).
 */

export type Json = string | number | boolean | null | Json[] | JsonObject;
export type JsonObject = Map<string, Json>;

/** What is wrong, and where: "line 3, column 7: a name is given twice". */
export class JsonError extends Error {}

const DEEPEST = 100;
const STRING = /"((?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*)"/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const SPACE = /[ \t\r\n]*/y;
const WORDS: [string, Json][] = [
  ['true', true],
  ['false', false],
  ['null', null],
];

/** Objects become maps, in which no name has a meaning of its own. Throws JsonError. */
export function parseStrictJson(text: string): Json {
  let at = 0;

  function fail(why: string): JsonError {
    const lines = text.slice(0, at).split('\n');
    return new JsonError(`line ${lines.length}, column ${lines.at(-1)!.length + 1}: ${why}`);
  }

  function skipSpace(): void {
    SPACE.lastIndex = at;
    SPACE.exec(text);
    at = SPACE.lastIndex;
  }

  /** The next character that isn't space, which is taken if it is this one. */
  function take(character: string): boolean {
    skipSpace();
    if (text[at] !== character) return false;
    at++;
    return true;
  }

  function string(): string {
    skipSpace();
    STRING.lastIndex = at;
    const found = STRING.exec(text);
    if (found === null) throw fail('a string is expected');
    at = STRING.lastIndex;
    return found[1]!.includes('\\') ? (JSON.parse(found[0]) as string) : found[1]!;
  }

  function object(depth: number): JsonObject {
    const members: JsonObject = new Map();
    if (take('}')) return members;
    for (;;) {
      skipSpace();
      const start = at;
      const name = string();
      if (members.has(name)) {
        at = start;
        throw fail('a name is given twice');
      }
      if (!take(':')) throw fail('":" is expected');
      members.set(name, value(depth));
      if (take('}')) return members;
      if (!take(',')) throw fail('"," or "}" is expected');
    }
  }

  function array(depth: number): Json[] {
    const items: Json[] = [];
    if (take(']')) return items;
    for (;;) {
      items.push(value(depth));
      if (take(']')) return items;
      if (!take(',')) throw fail('"," or "]" is expected');
    }
  }

  function value(depth: number): Json {
    if (depth > DEEPEST) throw fail('it is nested too deeply');
    if (take('{')) return object(depth + 1);
    if (take('[')) return array(depth + 1);
    if (text[at] === '"') return string();
    NUMBER.lastIndex = at;
    const number = NUMBER.exec(text);
    if (number !== null) {
      at = NUMBER.lastIndex;
      return Number(number[0]);
    }
    const word = WORDS.find(([name]) => text.startsWith(name, at));
    if (word === undefined) throw fail('a value is expected');
    at += word[0].length;
    return word[1];
  }

  const result = value(0);
  skipSpace();
  if (at < text.length) throw fail('something follows the end');
  return result;
}
