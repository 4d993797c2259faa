/** What the instructions of a file are when their variables are expanded, as far as it can be known without building. */

import { PodError } from '../../error.ts';
import type { Dockerfile, Instruction, Stage } from '../dockerfile/dockerfile.ts';
import { expandWord } from '../dockerfile/expand.ts';
import { type Resolved, resolveInstruction } from '../dockerfile/resolve.ts';
import type { CheckOptions } from './rule.ts';

export interface CheckedStep {
  readonly stage: Stage;
  readonly instruction: Instruction;
  /** Undefined where its variables can't be expanded. */
  readonly resolved: Resolved | undefined;
  /** Variables that it uses and that nothing has set. */
  readonly unset: readonly string[];
  /** Names that are set before it. */
  readonly known: readonly string[];
  /** Whether all that the base image sets is known. */
  readonly complete: boolean;
}

/** Build args that need no ARG. */
const PREDEFINED = ['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'NO_PROXY', 'ALL_PROXY'].flatMap((name) => [
  name,
  name.toLowerCase(),
]);

interface Scope {
  /** ENV, and ARGs with a value. */
  readonly values: Map<string, string>;
  readonly declared: Set<string>;
  complete: boolean;
}

/** The values of the ARGs before the first FROM; `buildArgs` win. One that can't be expanded has none. */
export function globalValues(
  file: Dockerfile,
  buildArgs: ReadonlyMap<string, string> = new Map(),
): Map<string, string> {
  const values = new Map<string, string>();
  for (const { key, value } of file.globalArgs.flatMap(({ args }) => args)) {
    const chosen = buildArgs.get(key) ?? expanded(file, value, values);
    if (chosen !== undefined) values.set(key, chosen);
  }
  return values;
}

function expanded(
  file: Dockerfile,
  word: string | undefined,
  values: ReadonlyMap<string, string>,
): string | undefined {
  if (word === undefined) return undefined;
  return unlessRefused(() =>
    expandWord(word, (name) => values.get(name), { escape: file.directives.escape }),
  );
}

export function unlessRefused<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof PodError) return undefined;
    throw error;
  }
}

export function stepsOf(file: Dockerfile, options: CheckOptions): CheckedStep[] {
  const globals = globalValues(file, options.buildArgs);
  const scopes = new Map<string, Scope>();
  const steps: CheckedStep[] = [];
  for (const stage of file.stages) {
    const image = expanded(file, stage.from.image, globals);
    const scope = begin(image, scopes, options);
    for (const instruction of stage.instructions)
      steps.push(step(file, stage, instruction, scope, globals, options));
    if (stage.name !== undefined) scopes.set(stage.name, scope);
  }
  return steps;
}

function begin(image: string | undefined, scopes: ReadonlyMap<string, Scope>, options: CheckOptions): Scope {
  const base = image === undefined ? undefined : scopes.get(image.toLowerCase());
  if (base)
    return { values: new Map(base.values), declared: new Set(base.declared), complete: base.complete };
  const environment =
    image === 'scratch' ? [] : image === undefined ? undefined : options.environmentOf?.(image);
  const values = new Map([['PATH', '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin']]);
  for (const variable of environment ?? []) {
    const equals = variable.indexOf('=');
    if (equals > 0) values.set(variable.slice(0, equals), variable.slice(equals + 1));
  }
  return { values, declared: new Set(PREDEFINED), complete: environment !== undefined };
}

/** Names that are kept of a scope for suggestions: a file of a hundred thousand ARGs needn't cost their square. */
const MOST_KNOWN = 1000;

function step(
  file: Dockerfile,
  stage: Stage,
  instruction: Instruction,
  scope: Scope,
  globals: ReadonlyMap<string, string>,
  options: CheckOptions,
): CheckedStep {
  const unset = new Set<string>();
  const { values, declared, complete } = scope;
  const own = instruction.kind === 'ARG' ? new Set(instruction.args.map(({ key }) => key)) : undefined;
  const resolved = unlessRefused(() =>
    resolveInstruction(instruction, (name) => values.get(name), {
      dockerfile: file,
      onUnset: (name) => {
        if (!declared.has(name) && !own?.has(name)) unset.add(name);
      },
    }),
  );
  const known = unset.size > 0 && values.size <= MOST_KNOWN ? [...values.keys()] : [];
  if (resolved?.kind === 'ENV') for (const { key, value } of resolved.pairs) values.set(key, value);
  if (resolved?.kind === 'ARG') {
    for (const { key, value } of resolved.args) {
      declared.add(key);
      const chosen = options.buildArgs?.get(key) ?? value ?? globals.get(key);
      if (chosen !== undefined) values.set(key, chosen);
    }
  }
  return { stage, instruction, resolved, unset: [...unset], known, complete };
}
