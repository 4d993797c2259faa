import { findContainer } from '../../core/container/store.ts';
import { CONDITIONS, waitForCondition, waitForEnd } from '../../core/container/wait.ts';
import { PodError } from '../../core/error.ts';
import { chooseContainers } from '../choose-containers.ts';
import { Option, PodCommand } from '../command.ts';
import { forEachName, isMissing } from '../each.ts';
import { parseDuration, parsed } from '../parse.ts';
import { pathsOf } from '../paths.ts';

/** `250ms`, or a number of milliseconds, as podman takes it. */
function parseInterval(text: string): number {
  const milliseconds = /^\d+$/.test(text) ? Number(text) : parseDuration(text);
  if (milliseconds >= 1 && milliseconds <= 2 ** 31 - 1) return milliseconds;
  throw new PodError({ code: 'usage', message: `invalid interval ${text}`, why: 'it is at least 1ms' });
}

export class Wait extends PodCommand {
  static override usage = { description: 'Wait until containers have ended and print their exit codes' };

  condition = Option.Array('--condition', [], {
    description: `Wait for something else: ${CONDITIONS.join(', ')} (\`state\`)`,
  });
  ignore = Option.Boolean('--ignore', false, {
    description: 'A container that is not there has the code -1',
  });
  interval = Option.String('-i,--interval', '250ms', {
    description: 'How often to look for a --condition (`time`)',
    validator: parsed(parseInterval),
  });
  latest = Option.Boolean('-l,--latest', false, { description: 'The one that was made last' });
  containers = Option.Rest({ name: 'container' });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const names = chooseContainers(paths, { names: this.containers, latest: this.latest });
    const conditions = this.condition.flatMap((words) => words.split(',')).map(asCondition);
    const forEnd = conditions.every((one) => one === 'exited' || one === 'stopped');
    const work = async (name: string) => {
      try {
        const record = findContainer(paths, name);
        if (forEnd) return String(await waitForEnd(paths, record));
        return String(await waitForCondition(paths, record, conditions, this.interval));
      } catch (error) {
        if (this.ignore && isMissing(error)) return '-1';
        throw error;
      }
    };
    return forEachName(this, names, work, names.length);
  }
}

function asCondition(text: string): (typeof CONDITIONS)[number] {
  const known = CONDITIONS.find((one) => one === text);
  if (known) return known;
  throw new PodError({
    code: 'usage',
    message: `cannot wait for ${JSON.stringify(text)}`,
    hint: `--condition takes ${CONDITIONS.join(', ')}`,
  });
}
