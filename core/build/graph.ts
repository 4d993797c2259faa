/** Which stage means which, and which of them a target needs. */

import { PodError } from '../error.ts';
import type { Dockerfile, Instruction, Stage } from './dockerfile/dockerfile.ts';
import { refusalAt } from './dockerfile/refusal.ts';

/** Stages by their name, in their order: a file may have a hundred thousand. */
const named = new WeakMap<readonly Stage[], Map<string, Stage[]>>();

function byName(stages: readonly Stage[]): Map<string, Stage[]> {
  const known = named.get(stages);
  if (known) return known;
  const names = Map.groupBy(
    stages.filter(({ name }) => name !== undefined),
    ({ name }) => name!,
  );
  named.set(stages, names);
  return names;
}

/** The stage that a word of `COPY --from` or `--mount=from=` means, of those before `before`: its name or its number. */
export function stageOf(file: Dockerfile, word: string, before: number): Stage | undefined {
  const found = baseStageOf(file, word, before);
  if (found || !/^\d+$/.test(word)) return found;
  return Number(word) < before ? file.stages[Number(word)] : undefined;
}

/** The stage that FROM goes on with: only names are meant. */
export function baseStageOf({ stages }: Dockerfile, image: string, before: number): Stage | undefined {
  return byName(stages)
    .get(image.toLowerCase())
    ?.findLast(({ index }) => index < before);
}

/**
 * Refuses COPY --from and --mount=from= of a stage that isn't before the instruction's own: of those no image is meant.
 * `contexts`: names of --build-context, lower case. Throws PodError `invalid`.
 */
export function checkReferences(file: Dockerfile, contexts: ReadonlySet<string>): void {
  for (const { index, name, instructions } of file.stages) {
    for (const instruction of instructions) {
      for (const word of namedBy(instruction)) {
        if (contexts.has(word.toLowerCase()) || stageOf(file, word, index)) continue;
        const why = misplaced(file, word, { index, name }, instruction.kind);
        if (why) throw refusalAt(file, instruction.line, { why, hint: 'only stages above it can be named' });
      }
    }
  }
}

function misplaced(
  { stages }: Dockerfile,
  word: string,
  { index, name }: { index: number; name: string | undefined },
  kind: string,
): string | undefined {
  if (word.toLowerCase() === name) return `stage ${name} takes files from itself`;
  if (byName(stages).has(word.toLowerCase())) return `stage ${word} comes after this one`;
  if (kind !== 'COPY' || !/^\d+$/.test(word)) return undefined;
  return Number(word) === index
    ? `stage ${word} takes files from itself`
    : `there is no stage ${word} before this one`;
}

/** --target: by name, then by number; without it the last one. Throws PodError `usage`. */
export function targetStage({ stages, name }: Dockerfile, target: string | undefined): Stage {
  if (target === undefined || target === '') return stages.at(-1)!;
  const found =
    stages.findLast((stage) => stage.name === target.toLowerCase()) ??
    (/^\d+$/.test(target) ? stages[Number(target)] : undefined);
  if (found) return found;
  const names = stages.flatMap((stage) => stage.name ?? []);
  throw new PodError({
    code: 'usage',
    message: `target stage ${JSON.stringify(target)} could not be found in ${name}`,
    ...(names.length > 0 && { hint: `there is: ${names.join(', ')}` }),
  });
}

/** Words by which an instruction names other stages, images or contexts. */
function namedBy(instruction: Instruction): string[] {
  if (instruction.kind === 'COPY') return instruction.from === undefined ? [] : [instruction.from];
  if (instruction.kind === 'RUN') return instruction.mounts.flatMap(({ from }) => from ?? []);
  return [];
}

/** The stages that have to be built for `target`, itself too; `imageOf`: what a FROM says with its variables expanded. */
export function neededStages(file: Dockerfile, target: Stage, imageOf: (stage: Stage) => string): Set<Stage> {
  const needed = new Set<Stage>();
  const pending = [target];
  for (let stage = pending.pop(); stage; stage = pending.pop()) {
    if (needed.has(stage)) continue;
    needed.add(stage);
    const { index, instructions } = stage;
    const others = [
      baseStageOf(file, imageOf(stage), index),
      ...instructions.flatMap(namedBy).map((word) => stageOf(file, word, index)),
    ];
    pending.push(...others.filter((other) => other !== undefined));
  }
  return needed;
}
