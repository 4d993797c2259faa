import { PodError } from '../../core/error.ts';
import { nearest } from '../../core/nearest.ts';
import type { Block, Command, Node, Operand, Pipeline } from './ast.ts';
import { FunctionRefusal, type functions } from './functions.ts';
import { templateError } from './template-error.ts';
import {
  display,
  entriesOf,
  type Fields,
  fieldOf,
  isMap,
  isMarkedMap,
  isPlainObject,
  isTrue,
  typeName,
} from './values.ts';

export interface Evaluation {
  source: string;
  functions: typeof functions;
  /** Variables in scope, innermost last; the first is `$`, the data. */
  variables: [name: string, value: unknown][];
  /** Called with each piece of text. */
  write: (text: string, isValue: boolean) => void;
  /** Where only the names of columns are wanted: what every field gives, whatever it is a field of. */
  header?: (name: string, args: readonly unknown[]) => string;
}

type Flow = 'next' | 'break' | 'continue';

/** Carries out the nodes of a template with the dot at a value. Throws PodError `usage`. */
export function evaluateNodes(nodes: Node[], dot: unknown, run: Evaluation): Flow {
  for (const node of nodes) {
    const flow = evaluateNode(node, dot, run);
    if (flow !== 'next') return flow;
  }
  return 'next';
}

function evaluateNode(node: Node, dot: unknown, run: Evaluation): Flow {
  if (node.kind === 'text') {
    run.write(node.text, false);
    return 'next';
  }
  if (node.kind === 'action') {
    const value = evaluatePipeline(node.pipeline, dot, run);
    if (node.pipeline.variables.length === 0) run.write(display(value), true);
    return 'next';
  }
  if (!('pipeline' in node)) return node.kind;
  const depth = run.variables.length;
  const flow = node.kind === 'range' ? evaluateRange(node, dot, run) : evaluateChoice(node, dot, run);
  run.variables.length = depth;
  return flow;
}

function evaluateChoice(node: Block, dot: unknown, run: Evaluation): Flow {
  const value = evaluatePipeline(node.pipeline, dot, run);
  if (!isTrue(value)) return evaluateNodes(node.otherwise, dot, run);
  return evaluateNodes(node.body, node.kind === 'with' ? value : dot, run);
}

function evaluateRange(node: Block, dot: unknown, run: Evaluation): Flow {
  const { pipeline } = node;
  if (run.header) return evaluateNodes(node.body, dot, run);
  const items = rangeOf(evaluateCommands(pipeline, dot, run), node, run);
  const [first, second] = pipeline.variables;
  const depth = run.variables.length;
  for (const [key, value] of items) {
    if (first !== undefined) setVariable(run, first, second === undefined ? value : key, pipeline);
    if (second !== undefined) setVariable(run, second, value, pipeline);
    const flow = evaluateNodes(node.body, value, run);
    run.variables.length = depth;
    if (flow === 'break') break;
  }
  return items.length === 0 ? evaluateNodes(node.otherwise, dot, run) : 'next';
}

function rangeOf(value: unknown, node: { at: number }, run: Evaluation): [unknown, unknown][] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return [...value.entries()];
  if (value instanceof Map || (isPlainObject(value) && isMap(value))) return entriesOf(value);
  throw templateError(run.source, node.at, `range can't go through ${typeName(value)}`);
}

function evaluatePipeline(pipeline: Pipeline, dot: unknown, run: Evaluation): unknown {
  const value = evaluateCommands(pipeline, dot, run);
  for (const name of pipeline.variables) setVariable(run, name, value, pipeline);
  return value;
}

/** What came through the pipe; a wrapper, since undefined may come through it too. */
type Piped = { value: unknown } | undefined;

function evaluateCommands(pipeline: Pipeline, dot: unknown, run: Evaluation): unknown {
  let piped: Piped;
  for (const command of pipeline.commands) piped = { value: evaluateCommand(command, dot, run, piped) };
  return piped?.value;
}

function setVariable(run: Evaluation, name: string, value: unknown, { assign }: Pipeline): void {
  if (!assign) {
    run.variables.push([name, value]);
    return;
  }
  const variable = run.variables.findLast(([known]) => known === name);
  if (variable) variable[1] = value;
}

function evaluateCommand(command: Command, dot: unknown, run: Evaluation, piped: Piped): unknown {
  const [head, ...args] = command;
  if (head.kind === 'function') return callFunction(head, args, dot, run, piped);
  if (head.kind === 'literal' && head.value === null)
    throw templateError(run.source, head.at, 'nil is not a command');
  if (args.length === 0 && !piped) return evaluateOperand(head, dot, run);
  const values = args.map((arg) => evaluateOperand(arg, dot, run));
  if (piped) values.push(piped.value);
  if (head.kind === 'literal' || head.kind === 'dot' || head.path.length === 0)
    throw templateError(run.source, head.at, 'arguments behind what is no function');
  return walk(startOf(head, dot, run), head.path, values, head.at, run);
}

function evaluateOperand(operand: Operand, dot: unknown, run: Evaluation): unknown {
  if (operand.kind === 'literal') return operand.value;
  if (operand.kind === 'dot') return dot;
  if (operand.kind === 'function') return callFunction(operand, [], dot, run, undefined);
  return walk(startOf(operand, dot, run), operand.path, undefined, operand.at, run);
}

type Reference = Extract<Operand, { path: string[] }>;

/** The value that the fields of an operand begin at. */
function startOf(operand: Reference, dot: unknown, run: Evaluation): unknown {
  if (operand.kind === 'variable') return run.variables.findLast(([name]) => name === operand.name)?.[1];
  if (operand.kind !== 'chain') return dot;
  const depth = run.variables.length;
  const value = evaluatePipeline(operand.base, dot, run);
  run.variables.length = depth;
  return value;
}

/** Goes down the fields; the last one gets the arguments when it is a method. */
function walk(
  start: unknown,
  path: string[],
  args: unknown[] | undefined,
  at: number,
  run: Evaluation,
): unknown {
  if (run.header && path.length > 0) return run.header(path.at(-1)!, args ?? []);
  let value = start;
  for (let depth = 0; depth < path.length; depth++) {
    const given = depth === path.length - 1 ? args : undefined;
    value = lookUp(value, path, depth, at, run);
    if (typeof value === 'function') value = callMethod(value as Method, path[depth]!, given, at, run);
    else if (given) throw templateError(run.source, at, `.${path[depth]} takes no arguments`);
  }
  return value;
}

type Method = (...args: unknown[]) => unknown;

function callMethod(method: Method, name: string, args: unknown[] | undefined, at: number, run: Evaluation) {
  return guarded(name, at, run, () => method(...(args ?? [])));
}

/** One step down: the field of the holder at this depth of the path. */
function lookUp(holder: unknown, path: string[], depth: number, at: number, run: Evaluation): unknown {
  const name = path[depth]!;
  if (holder === undefined) return undefined;
  if (holder instanceof Map) return holder.get(name);
  const isObject = isPlainObject(holder) && !(holder instanceof Date);
  if (isObject && Object.hasOwn(holder, name)) return fieldOf(holder, name);
  const spelled = isObject && !isMarkedMap(holder) && otherSpelling(holder, name);
  if (spelled) return fieldOf(holder, spelled);
  if (isObject && isMap(holder)) return undefined;
  const seen = path
    .slice(0, depth)
    .map((part) => `.${part}`)
    .join('');
  if (isObject)
    throw templateError(run.source, at, `there is no field ${seen}.${name}`, fieldsHint(holder, name));
  throw templateError(run.source, at, `${seen || 'this'} is ${typeName(holder)}, it has no field ${name}`);
}

/** Docker and podman take a field by its name in Go, too: `.ID` for what their JSON calls `Id`, `.Host` for `host`. */
function otherSpelling(holder: Fields, name: string): string | undefined {
  if (!/^\p{Lu}/u.test(name)) return undefined;
  return Object.keys(holder).find((key) => key.toLowerCase() === name.toLowerCase());
}

function fieldsHint(holder: Fields, name: string): string {
  const names = Object.keys(holder);
  const near = nearest(name, names);
  if (near !== undefined) return `Did you mean .${near}?`;
  const shown = names.slice(0, 30).map((field) => `.${field}`);
  return `The fields are ${shown.join(' ')}${names.length > shown.length ? ' ...' : ''}`;
}

function callFunction(
  head: Extract<Operand, { kind: 'function' }>,
  args: Operand[],
  dot: unknown,
  run: Evaluation,
  piped: Piped,
): unknown {
  const declared = run.functions.get(head.name)!;
  const count = args.length + (piped ? 1 : 0);
  if (count < declared.least || count > declared.most) {
    const { least, most } = declared;
    const wanted =
      least === most
        ? `${least}`
        : most === Number.POSITIVE_INFINITY
          ? `at least ${least}`
          : `${least} to ${most}`;
    throw templateError(
      run.source,
      head.at,
      `${head.name} takes ${wanted} argument${wanted === '1' ? '' : 's'}, not ${count}`,
    );
  }
  if (head.name === 'and' || head.name === 'or')
    return shortCircuit(head.name === 'or', args, dot, run, piped);
  const values = args.map((arg) => evaluateOperand(arg, dot, run));
  if (piped) values.push(piped.value);
  return guarded(head.name, head.at, run, () => declared.call(...values));
}

/** and, or: the first argument that decides is the result, those behind it are not looked at. */
function shortCircuit(
  stopAt: boolean,
  args: Operand[],
  dot: unknown,
  run: Evaluation,
  piped: Piped,
): unknown {
  let value: unknown;
  for (const arg of args) {
    value = evaluateOperand(arg, dot, run);
    if (isTrue(value) === stopAt) return value;
  }
  return piped ? piped.value : value;
}

function guarded(name: string, at: number, run: Evaluation, call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    if (error instanceof PodError || !(error instanceof FunctionRefusal)) throw error;
    throw templateError(run.source, at, `${name}: ${error.message}`);
  }
}
