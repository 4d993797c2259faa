/** Checks of the instructions in stages. */

import { posix } from 'node:path';
import { nearest } from '../../nearest.ts';
import type { Instruction } from '../dockerfile/dockerfile.ts';
import { parsePort } from '../dockerfile/ports.ts';
import type { CheckContext, Report, Rule } from './rule.ts';
import type { CheckedStep } from './steps.ts';

/** What is known of a step's stage so far; a stage begins with a copy of what the one has that it goes on with. */
function byStage<T extends object>({ file }: CheckContext, empty: T): (step: CheckedStep) => T {
  const bases = new Map<number, number>();
  const named = new Map<string, number>();
  for (const { name, index, from } of file.stages) {
    const base = named.get(from.image.toLowerCase());
    if (base !== undefined) bases.set(index, base);
    if (name !== undefined) named.set(name, index);
  }
  const states = new Map<number, T>();
  return ({ stage }) => {
    let known: number | undefined = stage.index;
    while (known !== undefined && !states.has(known)) known = bases.get(known);
    const state =
      known === stage.index ? states.get(known)! : { ...(known === undefined ? empty : states.get(known)!) };
    states.set(stage.index, state);
    return state;
  };
}

function jsonArgsRecommended(context: CheckContext, report: Report): void {
  const stateOf = byStage(context, { shell: false });
  for (const step of context.steps) {
    const { instruction } = step;
    if (instruction.kind === 'SHELL') stateOf(step).shell = true;
    if (instruction.kind !== 'CMD' && instruction.kind !== 'ENTRYPOINT') continue;
    if (instruction.command.form === 'shell' && !stateOf(step).shell)
      report(
        instruction.line,
        `JSON arguments recommended for ${instruction.kind} to prevent unintended behavior related to OS signals`,
      );
  }
}

function maintainerDeprecated({ steps }: CheckContext, report: Report): void {
  for (const { instruction } of steps)
    if (instruction.kind === 'MAINTAINER')
      report(instruction.line, 'Maintainer instruction is deprecated in favor of using label');
}

/** Only the first of a stage and those that it goes on with: where that is absolute, the others are, too. */
function workdirRelativePath(context: CheckContext, report: Report): void {
  const stateOf = byStage(context, { set: false });
  for (const step of context.steps) {
    if (step.resolved?.kind !== 'WORKDIR') continue;
    const state = stateOf(step);
    if (!state.set && !posix.isAbsolute(step.resolved.path))
      report(
        step.instruction.line,
        `Relative workdir ${JSON.stringify(step.resolved.path)} can have unexpected results if the base image changes`,
      );
    state.set = true;
  }
}

/** Where the base image isn't known a variable may be its own: then only one that is nearly another is told of. */
function undefinedVar({ steps }: CheckContext, report: Report): void {
  for (const { instruction, unset, known, complete } of steps) {
    for (const name of unset) {
      const meant = nearest(name, known);
      if (!meant && !complete) continue;
      report(
        instruction.line,
        `Usage of undefined variable '$${name}'${meant ? ` (did you mean $${meant}?)` : ''}`,
      );
    }
  }
}

/** Told at the one that is ignored: the earlier. */
function multipleInstructionsDisallowed({ file }: CheckContext, report: Report): void {
  for (const { instructions } of file.stages) {
    const last = new Map<string, Instruction>();
    for (const instruction of instructions) {
      const { kind } = instruction;
      if (kind !== 'CMD' && kind !== 'ENTRYPOINT' && kind !== 'HEALTHCHECK') continue;
      const earlier = last.get(kind);
      if (earlier)
        report(
          earlier.line,
          `Multiple ${kind} instructions should not be used in the same stage because only the last one will be used`,
        );
      last.set(kind, instruction);
    }
  }
}

function legacyKeyValueFormat({ steps }: CheckContext, report: Report): void {
  for (const { instruction } of steps) {
    if ((instruction.kind !== 'ENV' && instruction.kind !== 'LABEL') || !instruction.legacy) continue;
    const { kind } = instruction;
    report(
      instruction.line,
      `"${kind} key=value" should be used instead of legacy "${kind} key value" format`,
    );
  }
}

const SECRETS = [
  'apikey',
  'auth',
  'credential',
  'credentials',
  'key',
  'password',
  'pword',
  'passwd',
  'secret',
  'token',
];
const NO_SECRETS = ['public', 'file', 'version'];

/** A word of it, between `_`, is that of a secret: GITHUB_TOKEN, but not PUBLIC_KEY. */
function isSecret(name: string): boolean {
  const words = name.toLowerCase().split('_');
  return words.some((word) => SECRETS.includes(word)) && !words.some((word) => NO_SECRETS.includes(word));
}

function secretsUsedInArgOrEnv({ file }: CheckContext, report: Report): void {
  for (const instruction of file.stages.flatMap(({ instructions }) => instructions)) {
    const { kind } = instruction;
    if (kind !== 'ARG' && kind !== 'ENV') continue;
    for (const { key } of kind === 'ARG' ? instruction.args : instruction.pairs)
      if (isSecret(key))
        report(
          instruction.line,
          `Do not use ARG or ENV instructions for sensitive data (${kind} ${JSON.stringify(key)})`,
        );
  }
}

const ADDRESS = /^(?:https?|git|ssh):\/\/|^git@/;

function copyIgnoredFile({ steps, options: { ignore } }: CheckContext, report: Report): void {
  if (!ignore) return;
  for (const { instruction, resolved } of steps) {
    if (resolved?.kind !== 'COPY' && resolved?.kind !== 'ADD') continue;
    if (resolved.kind === 'COPY' && resolved.from !== undefined) continue;
    const verb = resolved.kind === 'ADD' ? 'Add' : 'Copy';
    for (const source of resolved.sources) {
      if (source.kind !== 'path' || ADDRESS.test(source.path) || /[*?[]/.test(source.path)) continue;
      const path = posix.normalize(`/${source.path}`).slice(1).replace(/\/$/, '');
      if (ignore.ignores(path) && ignore.skipsTree(path))
        report(
          instruction.line,
          `Attempting to ${verb} file ${JSON.stringify(source.path)} that is excluded by .dockerignore`,
        );
    }
  }
}

function exposeProtoCasing({ steps }: CheckContext, report: Report): void {
  for (const { instruction, resolved } of steps) {
    if (resolved?.kind !== 'EXPOSE') continue;
    for (const text of resolved.ports) {
      const protocol = parsePort(text)?.protocol ?? '';
      if (protocol !== protocol.toLowerCase())
        report(instruction.line, `Defined protocol '${text}' in EXPOSE instruction should be lowercase`);
    }
  }
}

function exposeInvalidFormat({ steps }: CheckContext, report: Report): void {
  for (const { instruction, resolved } of steps) {
    if (resolved?.kind !== 'EXPOSE') continue;
    for (const text of resolved.ports)
      if (parsePort(text)?.mapped)
        report(
          instruction.line,
          `EXPOSE instruction should not define an IP address or host-port mapping, found '${text}'`,
        );
  }
}

export const STEP_RULES: readonly Rule[] = [
  {
    name: 'JSONArgsRecommended',
    description:
      'JSON arguments recommended for ENTRYPOINT/CMD to prevent unintended behavior related to OS signals',
    check: jsonArgsRecommended,
  },
  {
    name: 'MaintainerDeprecated',
    description: 'The MAINTAINER instruction is deprecated, use a label instead to define an image author',
    check: maintainerDeprecated,
  },
  {
    name: 'WorkdirRelativePath',
    description:
      'Relative workdir without an absolute workdir declared within the build can have unexpected results if the base image changes',
    check: workdirRelativePath,
  },
  {
    name: 'UndefinedVar',
    description: 'Variables should be defined before their use',
    check: undefinedVar,
  },
  {
    name: 'MultipleInstructionsDisallowed',
    description: 'Multiple instructions of the same type should not be used in the same stage',
    check: multipleInstructionsDisallowed,
  },
  {
    name: 'LegacyKeyValueFormat',
    description: 'Legacy key/value format with whitespace separator should not be used',
    check: legacyKeyValueFormat,
  },
  {
    name: 'SecretsUsedInArgOrEnv',
    description: 'Sensitive data should not be used in the ARG or ENV commands',
    check: secretsUsedInArgOrEnv,
  },
  {
    name: 'CopyIgnoredFile',
    description: 'Attempting to Copy file that is excluded by .dockerignore',
    check: copyIgnoredFile,
  },
  {
    name: 'ExposeProtoCasing',
    description: 'Protocol in EXPOSE instruction should be lowercase',
    check: exposeProtoCasing,
  },
  {
    name: 'ExposeInvalidFormat',
    description:
      'IP address and host-port mapping should not be used in EXPOSE instruction. This will become an error in a future release',
    check: exposeInvalidFormat,
  },
];
