/** What the tests of the parser have in common. */
import type { Instruction } from '../../../../../core/build/dockerfile/dockerfile.ts';
import { parseDockerfile } from '../../../../../core/build/dockerfile/parse.ts';
import { PodError } from '../../../../../core/error.ts';

/** The instructions after `FROM x`, without what every instruction has. */
export function read(text: string, directives = ''): object[] {
  return parseDockerfile(`${directives}FROM x\n${text}`).stages[0]!.instructions.map(own);
}

export function own({ line: _, original: __, keyword: ___, heredocs: ____, ...rest }: Instruction): object {
  return rest;
}

/** `message: why | hint` of the PodError that is thrown. */
export function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof PodError)
      return `${error.message}: ${error.why}${error.hint ? ` | ${error.hint}` : ''}`;
    throw error;
  }
  throw new Error('it was taken');
}

export const refused = (text: string): string => refusal(() => parseDockerfile(`FROM x\n${text}`));
