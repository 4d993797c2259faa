import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command } from '../../test/e2e/harness/pod.ts';
import { sandbox } from '../../test/e2e/harness/sandbox.ts';
import { medians, type Timed } from './measure.ts';
import { tools } from './peers.ts';
import type { Context, Measured } from './rows.ts';

/** Ten instructions, of which the last copies a file that `touch`es of `prepare` change. */
function tenSteps(image: string): { directory: string; changing: string } {
  const directory = join(sandbox.work, `ten-${image.replace(/\W/g, '-')}`);
  mkdirSync(directory, { recursive: true });
  const steps = Array.from({ length: 8 }, (_, at) => `RUN echo ${at} >/file${at}\n`).join('');
  writeFileSync(join(directory, 'Dockerfile'), `FROM ${image}\n${steps}COPY changing /changing\n`);
  const changing = join(directory, 'changing');
  writeFileSync(changing, '');
  return { directory, changing };
}

/** podman keeps results of steps when it is told to, tsc-pod unless it is told not to. `changed`: the file of the last COPY. */
export async function builds(
  { runs, images }: Context,
  { flags = [], changed = false }: { flags?: string[]; changed?: boolean },
): Promise<Measured> {
  const timed: Timed[] = [];
  for (const name of ['podman', 'pod'] as const) {
    const { directory, changing } = tenSteps(images[name]);
    const run = [...tools[name], 'build', '-q', '--layers', '--network', 'none', ...flags, directory];
    const ran = await command(run, { timeout: 120_000 });
    if (ran.code !== 0) throw new Error(`${run.join(' ')}: ${ran.stderr}`);
    timed.push({ run, ...(changed && { prepare: ['sh', '-c', `date +%N >${changing}`] }) });
  }
  const [podman, pod] = await medians(timed, Math.min(runs, 10));
  return { podman: podman!, pod: pod!, unit: 's' };
}
