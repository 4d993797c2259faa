/**
 * Text from outside (names, labels, messages of a registry) made harmless for a terminal: control characters, line
 * and paragraph separators, and the marks that reverse the writing direction become `\n`, `\x1b`, `\u202e`.
 * A tab and a newline are escaped too.
 */
export function escapeControls(text: string): string {
  return text.replace(unsafe, escaped);
}

/** As escapeControls, but keeps the newline and the tab that a format put there on purpose. */
export function escapeControlsInLines(text: string): string {
  return text.replace(unsafe, (character) =>
    character === '\n' || character === '\t' ? character : escaped(character),
  );
}

/** The same JSON, in which no string can control a terminal: JSON.stringify escapes what is below a space, and no more. */
export function escapeInJson(json: string): string {
  return json.replace(unsafe, (character) => (character < ' ' ? character : fourDigits(character)));
}

const fourDigits = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

const unsafe = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufff9-\ufffb]/g;
const named = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

function escaped(character: string): string {
  const code = character.charCodeAt(0);
  const short = named.get(character);
  if (short) return short;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : fourDigits(character);
}
