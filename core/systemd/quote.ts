/**
 * A word of an Exec line of a unit, systemd.service(5), "Command lines": `%` and `$` are doubled so that they are themselves; what
 * would split or end a word is quoted.
 */
export function quoteWord(word: string): string {
  const plain = word.replaceAll('%', '%%').replaceAll('$', '$$$$');
  if (plain !== '' && /^[\w@%+=:,./$-]+$/.test(plain)) return plain;
  const escaped = plain.replace(/[\\"\x01-\x1f\x7f]/g, (character) => {
    const named = { '\n': '\\n', '\t': '\\t', '\r': '\\r' } as Record<string, string>;
    if (named[character]) return named[character];
    return /[\\"]/.test(character) ? `\\${character}` : `\\x${Buffer.from(character).toString('hex')}`;
  });
  return `"${escaped}"`;
}

export function quoteLine(words: readonly string[]): string {
  return words.map(quoteWord).join(' ');
}
