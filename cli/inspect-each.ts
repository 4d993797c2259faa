import type { PodCommand } from './command.ts';
import { forEachName } from './each.ts';
import { formatObject } from './format/rows.ts';
import { toJson } from './format/values.ts';
import { isTerminal } from './output/color.ts';

/**
 * Shows what `find` gives for each name, by a template or, without one, as one list. A name that fails stops no other;
 * the exit status is that of the first failure.
 */
export async function inspectEach(
  command: PodCommand,
  names: readonly string[],
  template: string | undefined,
  find: (name: string) => object | Promise<object>,
): Promise<number> {
  const { stdout } = command.context;
  const terminal = isTerminal(stdout);
  const found: object[] = [];
  const status = await forEachName(command, names, async (name) => {
    const one = await find(name);
    if (template === undefined) found.push(one);
    else stdout.write(formatObject(template, one, terminal));
    return undefined;
  });
  if (template === undefined) stdout.write(`${toJson(found, 4)}\n`);
  return status;
}
