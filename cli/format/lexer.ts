import { templateError } from './template-error.ts';

export type TokenKind =
  | 'text' // outside of the braces
  | 'open' // {{
  | 'close' // }}
  | 'space'
  | 'string' // value is the string itself
  | 'number' // value is as written
  | 'char' // value is the character
  | 'field' // .Name, value is Name
  | 'dot'
  | 'variable' // $ or $name, value with the $
  | 'word' // a function, keyword, true, false, nil
  | 'pipe'
  | 'declare' // :=
  | 'assign' // =
  | 'comma'
  | 'left'
  | 'right'
  | 'end'; // of the source

export interface Token {
  kind: TokenKind;
  value: string;
  /** Where it begins in the source. */
  at: number;
}

const inAction: [RegExp, TokenKind][] = [
  [/[ \t\r\n]+/y, 'space'],
  [/"(?:[^"\\\n]|\\[^\n])*"/y, 'string'],
  [/`[^`]*`/y, 'string'],
  [/'(?:[^'\\\n]|\\[^\n])+'/y, 'char'],
  [/[+-]?(?:\d[\w.]*(?:(?<=[eEpP])[+-]\d+)?|\.\d\w*(?:(?<=[eE])[+-]\d+)?)/y, 'number'],
  [/\.[\p{L}_][\p{L}\p{Nd}_]*/uy, 'field'],
  [/\./y, 'dot'],
  [/\$(?:[\p{L}\p{Nd}_]+)?/uy, 'variable'],
  [/[\p{L}_][\p{L}\p{Nd}_]*/uy, 'word'],
  [/\|/y, 'pipe'],
  [/:=/y, 'declare'],
  [/=/y, 'assign'],
  [/,/y, 'comma'],
  [/\(/y, 'left'],
  [/\)/y, 'right'],
];

/**
 * Cuts the source of a template into tokens, trim marks and comments already applied (Go's text/template/parse,
 * lex.go). Throws PodError `usage` with the position.
 */
export function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let trimNext = false;
  while (at < source.length) {
    const open = source.indexOf('{{', at);
    const end = open < 0 ? source.length : open;
    const trimmed = open >= 0 && /^\{\{-[ \t\r\n]/.test(source.slice(open, open + 4));
    let text = unescapeText(source.slice(at, end));
    if (trimNext) text = text.replace(/^[ \t\r\n]+/, '');
    if (trimmed) text = text.replace(/[ \t\r\n]+$/, '');
    if (text !== '') tokens.push({ kind: 'text', value: text, at });
    if (open < 0) break;
    const action = lexAction(source, open, open + (trimmed ? 3 : 2), tokens);
    at = action.end;
    trimNext = action.trimNext;
  }
  tokens.push({ kind: 'end', value: '', at: source.length });
  return tokens;
}

/** `\t` and `\n` as typed in a shell; docker and podman replace no others. */
function unescapeText(text: string): string {
  return text.replace(/\\([tn])/g, (_, letter) => (letter === 't' ? '\t' : '\n'));
}

interface ActionEnd {
  end: number;
  /** It was closed by ` -}}`. */
  trimNext: boolean;
}

function lexAction(source: string, open: number, begin: number, tokens: Token[]): ActionEnd {
  const comment = /[ \t\r\n]*\/\*/y;
  comment.lastIndex = begin;
  if (comment.test(source)) return skipComment(source, open, comment.lastIndex);
  tokens.push({ kind: 'open', value: '{{', at: open });
  let at = begin;
  for (;;) {
    const close = /(?:[ \t\r\n]-)?\}\}/y;
    close.lastIndex = at;
    const closed = close.exec(source);
    if (closed) {
      tokens.push({ kind: 'close', value: '}}', at });
      return { end: close.lastIndex, trimNext: closed[0].length > 2 };
    }
    const token = tokenAt(source, at);
    if (!token) throw unreadable(source, open, at);
    tokens.push(token.token);
    at = token.end;
  }
}

function skipComment(source: string, open: number, begin: number): ActionEnd {
  const end = source.indexOf('*/', begin);
  if (end < 0) throw templateError(source, open, 'a comment is not closed');
  const close = /(?:[ \t\r\n]-)?\}\}/y;
  close.lastIndex = end + 2;
  const closed = close.exec(source);
  if (!closed) throw templateError(source, open, 'a comment must end with */}}');
  return { end: close.lastIndex, trimNext: closed[0].length > 2 };
}

function tokenAt(source: string, at: number): { token: Token; end: number } | undefined {
  // A space that belongs to a closing ` -}}` was looked for before; several spaces may stand before it.
  for (const [pattern, kind] of inAction) {
    pattern.lastIndex = at;
    const found = pattern.exec(source)?.[0];
    if (found === undefined) continue;
    if (kind !== 'space')
      return { token: { kind, value: tokenValue(source, at, kind, found), at }, end: at + found.length };
    const rest = source.slice(at + found.length, at + found.length + 3);
    const length = rest === '-}}' ? found.length - 1 : found.length;
    return { token: { kind, value: ' ', at }, end: at + length };
  }
  return undefined;
}

function tokenValue(source: string, at: number, kind: TokenKind, found: string): string {
  if (kind === 'field') return found.slice(1);
  if (kind === 'string' && found.startsWith('`')) return found.slice(1, -1).replaceAll('\r', '');
  if (kind === 'string') return unquote(source, at, found.slice(1, -1));
  if (kind !== 'char') return found;
  const value = unquote(source, at, found.slice(1, -1));
  if ([...value].length !== 1) throw templateError(source, at, `${found} is not one character`);
  return value;
}

const simpleEscapes = new Map(
  Object.entries({
    a: '\x07',
    b: '\b',
    f: '\f',
    n: '\n',
    r: '\r',
    t: '\t',
    v: '\v',
    '\\': '\\',
    "'": "'",
    '"': '"',
  }),
);

/** Go's escapes (The Go Programming Language Specification, "Rune literals"). */
function unquote(source: string, at: number, body: string): string {
  const escapes = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|([\s\S]))/g;
  return body.replace(escapes, (whole, hex, short, long, octal, letter) => {
    const plain = letter !== undefined ? simpleEscapes.get(letter) : undefined;
    const code =
      octal !== undefined
        ? Number.parseInt(octal, 8)
        : Number.parseInt(hex ?? short ?? long ?? 'ffffffff', 16);
    if (plain === undefined && code > (octal === undefined ? 0x10ffff : 0xff))
      throw templateError(source, at, `unknown escape ${whole} in a string`);
    return plain ?? String.fromCodePoint(code);
  });
}

function unreadable(source: string, open: number, at: number) {
  const rest = source.slice(at);
  if (rest === '') return templateError(source, open, 'an action is not closed, }} is missing');
  if (rest.startsWith('"') || rest.startsWith('`') || rest.startsWith("'"))
    return templateError(source, at, 'a string is not closed');
  return templateError(source, at, `unexpected ${JSON.stringify([...rest][0])} in an action`);
}
