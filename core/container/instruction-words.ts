/** Words of a Dockerfile instruction (Dockerfile reference, "Format" and "ENV"). */

/** Splits at blanks; quotes hold words together and are taken off, a backslash takes the next character as it is. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (character === '\\' && quote !== "'" && at + 1 < text.length) word = (word ?? '') + text[++at];
    else if (quote !== '') {
      if (character === quote) quote = '';
      else word += character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= '';
    } else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + character;
  }
  if (word !== undefined) words.push(word);
  return words;
}

/** `["a", "b"]`: the exec form; undefined when the text isn't one. */
export function execForm(text: string): string[] | undefined {
  if (!text.startsWith('[')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Exec form as it is; anything else is a line for the shell. */
export function commandForm(text: string, shell: readonly string[] = ['/bin/sh', '-c']): string[] {
  return execForm(text) ?? [...shell, text];
}

/** `KEY=VALUE...`, or `KEY VALUE` with all that follows as one value. Undefined when it is neither. */
export function keyValues(text: string): [key: string, value: string][] | undefined {
  const words = splitWords(text);
  if (words.length === 0) return undefined;
  if (!words[0]!.includes('=')) {
    const [, key, value] = /^(\S+)\s+([\s\S]+)$/.exec(text) ?? [];
    return key === undefined ? undefined : [[key, value!]];
  }
  const pairs = words.map((word): [string, string] => {
    const equals = word.indexOf('=');
    return [word.slice(0, equals), word.slice(equals + 1)];
  });
  return pairs.every(([key], at) => key !== '' && words[at]!.includes('=')) ? pairs : undefined;
}
