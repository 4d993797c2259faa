import type { ContainerRecord } from '../core/container/record.ts';
import { PodError } from '../core/error.ts';
import { parseArgv, type TypedOption } from './argv.ts';
import { PodCommand } from './command.ts';
import { commandTable } from './command-table.ts';
import { Run } from './commands/run.ts';

/** What a unit says by itself: how it starts, ends and is called. */
const LEFT_OUT = new Set(
  '-d --detach --rm --name --cidfile --sdnotify --restart --replace --root --dry-run --sig-proxy --detach-keys'.split(
    ' ',
  ),
);

function word({ name, value }: TypedOption): string[] {
  if (typeof value === 'boolean') return [`${name}=${value}`];
  return name.startsWith('--') ? [`${name}=${value}`] : [name, value];
}

/** The words of a `run -d` that makes such a container again, as its user made it. Throws PodError `unsupported`. */
export async function runCommandAgain(record: ContainerRecord, name: string): Promise<string[]> {
  const [, ...argv] = record.createCommand ?? [];
  const at = argv.findIndex((one) => one === 'run' || one === 'create');
  if (at < 0)
    throw new PodError({
      code: 'unsupported',
      message: `cannot make ${record.name} anew`,
      why: 'how it was made is not recorded',
      hint: `tsc-pod generate systemd ${record.name}   # without --new`,
    });
  const table = commandTable({ name: 'tsc-pod', version: '' }, PodCommand, [[['run'], async () => Run]]);
  const made = await parseArgv(
    [...argv.slice(0, at).filter((one) => one !== 'container'), 'run', ...argv.slice(at + 1)],
    table,
  );
  if (made.kind !== 'command') throw new TypeError('the recorded command makes no container');
  const flags = made.options.filter((option) => !LEFT_OUT.has(option.name)).flatMap(word);
  return ['run', '-d', '--rm', '--sdnotify=conmon', `--name=${name}`, ...flags, '--', ...made.operands];
}
