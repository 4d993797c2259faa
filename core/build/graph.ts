/** Which stage means which, and which of them a target needs. */

import { PodError } from '../error.ts';
import type { Dockerfile, Instruction, Stage } from './dockerfile/dockerfile.ts';

/** The stage that a word of `COPY --from` or `--mount=from=` means, of those before `before`: its name or its number. */
export function stageOf({ stages }: Dockerfile, word: string, before: number): Stage | undefined {
  const earlier = stages.slice(0, before);
  const named = earlier.findLast(({ name }) => name === word.toLowerCase());
  return named ?? (/^\d+$/.test(word) ? earlier[Number(word)] : undefined);
}

/** The stage that FROM goes on with: only names are meant. */
export function baseStageOf({ stages }: Dockerfile, image: string, before: number): Stage | undefined {
  return stages.slice(0, before).findLast(({ name }) => name === image.toLowerCase());
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
