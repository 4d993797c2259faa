import { nearest } from '../../core/nearest.ts';
import type { Command, Node, Operand, Pipeline } from './ast.ts';
import { type Token, type TokenKind, tokensOf } from './lexer.ts';
import { templateError } from './template-error.ts';

/** Blocks and brackets within each other; Go's own parser has no bound, our stack has. */
const deepest = 200;

interface State {
  source: string;
  tokens: Token[];
  at: number;
  depth: number;
  inRange: number;
  /** Names that can be called. */
  functions: ReadonlySet<string>;
  /** Variables in scope, innermost last. */
  variables: string[];
}

/** Parses the source of a Go text/template. Throws PodError `usage` that says where and what. */
export function parseTemplate(source: string, functions: ReadonlySet<string>): Node[] {
  const state = {
    source,
    tokens: tokensOf(source),
    at: 0,
    depth: 0,
    inRange: 0,
    functions,
    variables: ['$'],
  };
  const { nodes, stop } = parseList(state);
  if (stop) throw fail(state, stop.token, `unexpected {{${stop.token.value}}}`);
  return nodes;
}

/** The word that ended a list: end or else. */
interface Stop {
  token: Token;
}

function parseList(state: State): { nodes: Node[]; stop: Stop | undefined } {
  const nodes: Node[] = [];
  for (;;) {
    const token = next(state);
    if (token.kind === 'end') return { nodes, stop: undefined };
    if (token.kind === 'text') {
      nodes.push({ kind: 'text', text: token.value });
      continue;
    }
    skipSpace(state);
    const word = peek(state);
    if (word.kind === 'word' && (word.value === 'end' || word.value === 'else')) {
      state.at++;
      return { nodes, stop: { token: word } };
    }
    nodes.push(parseAction(state));
  }
}

const blocks = new Set(['if', 'with', 'range']);

function parseAction(state: State): Node {
  const token = peek(state);
  if (token.kind === 'word' && blocks.has(token.value)) {
    state.at++;
    return parseBlock(state, token.value as 'if' | 'with' | 'range', token.at);
  }
  if (token.kind === 'word' && (token.value === 'break' || token.value === 'continue')) {
    state.at++;
    if (state.inRange === 0) throw fail(state, token, `{{${token.value}}} outside of {{range}}`);
    expectClose(state, token.value);
    return { kind: token.value, at: token.at };
  }
  if (token.kind === 'word' && ['define', 'template', 'block'].includes(token.value))
    throw fail(state, token, `{{${token.value}}} has no use in a format`);
  const pipeline = parsePipeline(state, 'close', false);
  return { kind: 'action', pipeline, at: token.at };
}

/** if, with and range, behind their word, up to and with their {{end}}. */
function parseBlock(state: State, kind: 'if' | 'with' | 'range', at: number): Node {
  return nested(state, at, () => {
    const scope = state.variables.length;
    const pipeline = parsePipeline(state, 'close', kind === 'range');
    if (kind === 'range') state.inRange++;
    const body = parseList(state);
    if (kind === 'range') state.inRange--;
    const otherwise = parseElse(state, kind, body.stop, at);
    state.variables.length = scope;
    return { kind, pipeline, body: body.nodes, otherwise, at };
  });
}

function parseElse(state: State, kind: string, stop: Stop | undefined, at: number): Node[] {
  if (!stop) throw templateError(state.source, at, `{{${kind}}} has no {{end}}`);
  if (stop.token.value === 'end') {
    expectClose(state, 'end');
    return [];
  }
  skipSpace(state);
  const word = peek(state);
  if (word.kind === 'word' && (word.value === 'if' || word.value === 'with') && word.value === kind) {
    state.at++;
    return [parseBlock(state, word.value, word.at)];
  }
  expectClose(state, 'else');
  const rest = parseList(state);
  if (!rest.stop) throw templateError(state.source, at, `{{${kind}}} has no {{end}}`);
  if (rest.stop.token.value !== 'end') throw fail(state, rest.stop.token, 'a second {{else}}');
  expectClose(state, 'end');
  return rest.nodes;
}

function parsePipeline(state: State, end: 'close' | 'right', isRange: boolean): Pipeline {
  skipSpace(state);
  const at = peek(state).at;
  const declared = parseDeclaration(state, isRange);
  const commands: Command[] = [];
  for (;;) {
    skipSpace(state);
    const token = peek(state);
    if (commands.length === 0 && token.kind === end) throw fail(state, token, 'a value is missing');
    const command = parseCommand(state, end);
    if (commands.length > 0 && isValueOnly(command[0]))
      throw templateError(state.source, command[0].at, 'only a function can stand behind |');
    commands.push(command);
    const closing = next(state);
    if (closing.kind === end) break;
    if (closing.kind !== 'pipe') throw unexpected(state, closing);
  }
  if (!declared.assign) state.variables.push(...declared.variables);
  return { ...declared, commands, at };
}

/** `$x :=`, `$x =`, and for range `$key, $value :=`. */
function parseDeclaration(state: State, isRange: boolean): { variables: string[]; assign: boolean } {
  const begin = state.at;
  const variables: string[] = [];
  while (peek(state).kind === 'variable') {
    variables.push(next(state).value);
    skipSpace(state);
    const token = next(state);
    skipSpace(state);
    if (token.kind === 'comma' && isRange && variables.length < 2) continue;
    if (token.kind !== 'declare' && token.kind !== 'assign') break;
    const assign = token.kind === 'assign';
    for (const name of assign ? variables : [])
      if (!state.variables.includes(name)) throw fail(state, token, `undefined variable ${name}`);
    return { variables, assign };
  }
  state.at = begin;
  return { variables: [], assign: false };
}

function isValueOnly(operand: Operand): boolean {
  return operand.kind === 'literal' || operand.kind === 'dot';
}

/** Operands with spaces between them, up to a pipe or the end of the pipeline. */
function parseCommand(state: State, end: TokenKind): Command {
  const operands: Operand[] = [];
  for (;;) {
    skipSpace(state);
    const token = peek(state);
    if (token.kind === 'pipe' || token.kind === end) break;
    operands.push(parseOperand(state));
    const behind = peek(state);
    if (behind.kind !== 'space' && behind.kind !== 'pipe' && behind.kind !== end)
      throw unexpected(state, behind);
  }
  const [first, ...rest] = operands;
  if (!first) throw fail(state, peek(state), 'a value is missing');
  return [first, ...rest];
}

function parseOperand(state: State): Operand {
  const term = parseTerm(state);
  const path: string[] = [];
  while (peek(state).kind === 'field') path.push(next(state).value);
  if (path.length === 0) return term;
  if (term.kind === 'field' || term.kind === 'variable' || term.kind === 'chain')
    return { ...term, path: [...term.path, ...path] };
  if (term.kind !== 'function') throw templateError(state.source, term.at, 'this has no fields');
  const base: Pipeline = { variables: [], assign: false, commands: [[term]], at: term.at };
  return { kind: 'chain', base, path, at: term.at };
}

function parseTerm(state: State): Operand {
  const token = next(state);
  const { value, at } = token;
  if (token.kind === 'string') return { kind: 'literal', value, at };
  if (token.kind === 'char') return { kind: 'literal', value: value.codePointAt(0)!, at };
  if (token.kind === 'number') return { kind: 'literal', value: numberOf(state, token), at };
  if (token.kind === 'dot') return { kind: 'dot', at };
  if (token.kind === 'field') return { kind: 'field', path: [value], at };
  if (token.kind === 'variable') {
    if (!state.variables.includes(value)) throw fail(state, token, `undefined variable ${value}`);
    return { kind: 'variable', name: value, path: [], at };
  }
  if (token.kind === 'left')
    return nested(state, at, () => ({
      kind: 'chain',
      base: parsePipeline(state, 'right', false),
      path: [],
      at,
    }));
  if (token.kind === 'word') return wordOperand(state, token);
  throw unexpected(state, token);
}

function wordOperand(state: State, token: Token): Operand {
  const { value, at } = token;
  if (value === 'true' || value === 'false') return { kind: 'literal', value: value === 'true', at };
  if (value === 'nil') return { kind: 'literal', value: null, at };
  if (state.functions.has(value)) return { kind: 'function', name: value, at };
  const near = nearest(value, state.functions);
  const hint = /^[A-Z]/.test(value)
    ? `A field has a dot before it: .${value}`
    : near && `Did you mean ${near}?`;
  throw templateError(state.source, at, `there is no function ${JSON.stringify(value)}`, hint);
}

/** Go's integers (any base, with underscores) and floats; a whole number too big for a double becomes a bigint. */
function numberOf(state: State, token: Token): number | bigint {
  const sign = token.value.startsWith('-') ? -1 : 1;
  const digits = token.value.replace(/^[+-]/, '').replace(/(?<=\w)_(?=\w)/g, '');
  const integer = /^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits;
  if (/^(0[xX][\da-fA-F]+|0[oO][0-7]+|0[bB][01]+|0|[1-9]\d*)$/.test(integer)) {
    const value = BigInt(integer) * BigInt(sign);
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }
  if (!/^(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(digits))
    throw fail(state, token, `bad number ${token.value}`);
  return sign * Number(digits);
}

function nested<T>(state: State, at: number, parse: () => T): T {
  if (++state.depth > deepest)
    throw templateError(state.source, at, 'blocks or brackets are nested too deeply');
  const result = parse();
  state.depth--;
  return result;
}

function expectClose(state: State, word: string): void {
  skipSpace(state);
  const token = next(state);
  if (token.kind !== 'close') throw fail(state, token, `unexpected ${described(token)} behind ${word}`);
}

function peek(state: State): Token {
  return state.tokens[state.at]!;
}

function next(state: State): Token {
  const token = state.tokens[state.at]!;
  if (token.kind !== 'end') state.at++;
  return token;
}

function skipSpace(state: State): void {
  if (peek(state).kind === 'space') state.at++;
}

function described(token: Token): string {
  if (token.kind === 'end') return 'end of the format';
  return token.kind === 'field' ? `.${token.value}` : JSON.stringify(token.value);
}

function unexpected(state: State, token: Token) {
  return fail(state, token, `unexpected ${described(token)}`);
}

function fail(state: State, token: Token, why: string) {
  return templateError(state.source, token.at, why);
}
