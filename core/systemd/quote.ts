/**
 * A word of an Exec line of a unit, systemd.service(5), "Command lines": `%` and `$` are doubled so that they are themselves; what
 * would split or end a word is quoted.
 */
export function quoteWord(word: string): string {
  const plain = word.replaceAll('%', '%%').replaceAll('$', '$$$$');
  if (plain !== '' && /^[\w@%+=:,./$-]+$/.test(plain)) return plain;
  const escaped = plain.replace(/[\\"\n\t\r]/g, (character) => {
    const named = { '\n': '\\n', '\t': '\\t', '\r': '\\r' } as Record<string, string>;
    return named[character] ?? `\\${character}`;
  });
  return `"${escaped}"`;
}

export function quoteLine(words: readonly string[]): string {
  return words.map(quoteWord).join(' ');
}
