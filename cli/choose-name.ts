import { PodError } from '../core/error.ts';
import { askLine } from './ask.ts';
import type { PodCommand } from './command.ts';
import { isTerminal } from './output/color.ts';

/**
 * Which full name a short one stands for (containers-registries.conf(5), short-name-mode); undefined where nobody can
 * be asked, or nobody would see the question.
 */
export async function chooseName(
  { context }: PodCommand,
  name: string,
  choices: readonly string[],
): Promise<string | undefined> {
  if (!isTerminal(context.stdin) || !isTerminal(context.stdout)) return undefined;
  const lines = choices.map((choice, index) => `  ${index + 1}) ${choice}\n`);
  context.stdout.write(`${name} may be in several registries:\n${lines.join('')}`);
  const answer = (await askLine(context, `Which one? [1-${choices.length}] `)).trim();
  const chosen = /^\d{1,4}$/.test(answer)
    ? choices[Number(answer) - 1]
    : choices.find((one) => one === answer);
  if (chosen !== undefined) return chosen;
  throw new PodError({ code: 'usage', message: `${name} is in none of the registries that were offered` });
}
