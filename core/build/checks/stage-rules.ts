/** Checks of FROM lines and of how a file is written. */

import { nearest } from '../../nearest.ts';
import { formatPlatform, hostPlatform, parsePlatform } from '../../platform.ts';
import { parseImageReference } from '../../reference.ts';
import type { Dockerfile, Instruction, Stage } from '../dockerfile/dockerfile.ts';
import { expandWord } from '../dockerfile/expand.ts';
import { plainWords } from '../dockerfile/words.ts';
import { platformArgs } from '../variables.ts';
import type { CheckContext, Report, Rule } from './rule.ts';
import { globalValues, unlessRefused } from './steps.ts';

const isLower = (text: string): boolean => text === text.toLowerCase();
const isUpper = (text: string): boolean => text === text.toUpperCase();

function stageNameCasing({ file }: CheckContext, report: Report): void {
  for (const { from } of file.stages)
    if (from.as !== undefined && !isLower(from.as))
      report(from.line, `Stage name '${from.as}' should be lowercase`);
}

function fromAsCasing({ file }: CheckContext, report: Report): void {
  for (const { from } of file.stages) {
    const { keyword } = from;
    const as = from.as === undefined ? undefined : plainWords(from.original).at(-2);
    if (as === undefined || (!isLower(keyword) && !isUpper(keyword))) continue;
    if (isLower(keyword) ? !isLower(as) : !isUpper(as))
      report(from.line, `'${as}' and '${keyword}' keywords' casing do not match`);
  }
}

function noEmptyContinuation({ file }: CheckContext, report: Report): void {
  for (const line of file.emptyContinuations) report(line, 'Empty continuation line');
}

function instructionsOf({ stages }: Dockerfile): Instruction[] {
  return stages.flatMap(({ from, instructions }) => [from, ...instructions]);
}

function consistentInstructionCasing({ file }: CheckContext, report: Report): void {
  const all = instructionsOf(file);
  const lower = all.filter(({ keyword }) => isLower(keyword)).length;
  const upper = all.filter(({ keyword }) => isUpper(keyword)).length;
  const casing = lower > upper ? 'lowercase' : 'uppercase';
  for (const { keyword, line } of all)
    if (casing === 'lowercase' ? !isLower(keyword) : !isUpper(keyword))
      report(line, `Command '${keyword}' should match the case of the command majority (${casing})`);
}

function duplicateStageName({ file }: CheckContext, report: Report): void {
  const seen = new Set<string>();
  for (const { name, from } of file.stages) {
    if (name === undefined) continue;
    if (seen.has(name))
      report(from.line, `Duplicate stage name ${JSON.stringify(name)}, stage names should be unique`);
    seen.add(name);
  }
}

function reservedStageName({ file }: CheckContext, report: Report): void {
  for (const { name, from } of file.stages)
    if (name === 'scratch' || name === 'context')
      report(from.line, `Stage name should not use the same name as reserved stage ${JSON.stringify(name)}`);
}

function undefinedArgInFrom({ file, options }: CheckContext, report: Report): void {
  const declared = file.globalArgs.flatMap(({ args }) => args.map(({ key }) => key));
  const known = new Set([...declared, ...platformArgs(hostPlatform(), '').keys()]);
  const values = globalValues(file, options.buildArgs);
  for (const { from } of file.stages) {
    const undeclared = new Set<string>();
    for (const word of [from.image, from.platform ?? ''])
      unlessRefused(() =>
        expandWord(word, (name) => values.get(name), {
          escape: file.directives.escape,
          onUnset: (name) => !known.has(name) && undeclared.add(name),
        }),
      );
    for (const name of undeclared) {
      const meant = nearest(name, known);
      report(from.line, `FROM argument '${name}' is not declared${meant ? ` (did you mean ${meant}?)` : ''}`);
    }
  }
}

function invalidDefaultArgInFrom({ file }: CheckContext, report: Report): void {
  const values = globalValues(file);
  for (const { from } of file.stages) {
    if (!from.image.includes('$')) continue;
    const options = { escape: file.directives.escape };
    const image = unlessRefused(() => expandWord(from.image, (name) => values.get(name), options));
    if (image === undefined || unlessRefused(() => parseImageReference(image))) continue;
    report(from.line, `Default value for ARG ${from.image} results in empty or invalid base image name`);
  }
}

function redundantTargetPlatform({ file }: CheckContext, report: Report): void {
  for (const { from } of file.stages)
    if (from.platform === '$TARGETPLATFORM' || from.platform === '${TARGETPLATFORM}')
      report(
        from.line,
        `Setting platform to predefined ${from.platform} in FROM is redundant as this is the default behavior`,
      );
}

/** A stage that is named for its platform means it. */
function fromPlatformFlagConstDisallowed({ file }: CheckContext, report: Report): void {
  for (const { name = '', from } of file.stages) {
    const text = from.platform;
    if (text === undefined || text.includes('$')) continue;
    const platform = unlessRefused(() => parsePlatform(text));
    if (!platform || [platform.os, platform.architecture].some((part) => name.includes(part))) continue;
    const shown = text.includes('/') ? text : formatPlatform(platform);
    report(from.line, `FROM --platform flag should not use constant value ${JSON.stringify(shown)}`);
  }
}

function invalidDefinitionDescription({ file }: CheckContext, report: Report): void {
  const check = (instruction: Instruction, names: readonly string[]): void => {
    const comment = file.descriptions.get(instruction.line.start);
    if (comment === undefined || names.length === 0 || names.includes(comment.split(' ')[0]!)) return;
    const name = names.length > 1 ? '<arg_key>' : names[0];
    report(
      instruction.line,
      `Comment for ${instruction.kind} should follow the format: \`# ${name} <description>\``,
    );
  };
  const named = ({ name }: Stage): string[] => (name === undefined ? [] : [name]);
  for (const arg of file.globalArgs)
    check(
      arg,
      arg.args.map(({ key }) => key),
    );
  for (const stage of file.stages) {
    check(stage.from, named(stage));
    for (const arg of stage.instructions)
      if (arg.kind === 'ARG')
        check(
          arg,
          arg.args.map(({ key }) => key),
        );
  }
}

export const STAGE_RULES: readonly Rule[] = [
  { name: 'StageNameCasing', description: 'Stage names should be lowercase', check: stageNameCasing },
  {
    name: 'FromAsCasing',
    description: "The 'as' keyword should match the case of the 'from' keyword",
    check: fromAsCasing,
  },
  {
    name: 'NoEmptyContinuation',
    description: 'Empty continuation lines will become errors in a future release',
    check: noEmptyContinuation,
  },
  {
    name: 'ConsistentInstructionCasing',
    description: 'All commands within the Dockerfile should use the same casing (either upper or lower)',
    check: consistentInstructionCasing,
  },
  { name: 'DuplicateStageName', description: 'Stage names should be unique', check: duplicateStageName },
  {
    name: 'ReservedStageName',
    description: 'Reserved words should not be used as stage names',
    check: reservedStageName,
  },
  {
    name: 'UndefinedArgInFrom',
    description: 'FROM command must use declared ARGs',
    check: undefinedArgInFrom,
  },
  {
    name: 'InvalidDefaultArgInFrom',
    description: 'Default value for global ARG results in an empty or invalid base image name',
    check: invalidDefaultArgInFrom,
  },
  {
    name: 'RedundantTargetPlatform',
    description:
      'Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default behavior',
    check: redundantTargetPlatform,
  },
  {
    name: 'FromPlatformFlagConstDisallowed',
    description: 'FROM --platform flag should not use a constant value',
    check: fromPlatformFlagConstDisallowed,
  },
  {
    name: 'InvalidDefinitionDescription',
    description:
      'Comment for build stage or argument should follow the format: `# <arg/stage name> <description>`. If this is not intended to be a description comment, add an empty line or comment between the instruction and the comment.',
    experimental: true,
    check: invalidDefinitionDescription,
  },
];
