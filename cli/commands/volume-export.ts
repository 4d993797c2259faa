import { writeWhole } from '../../core/aside.ts';
import { hostFacts } from '../../core/container/facts.ts';
import { PodError } from '../../core/error.ts';
import { exportVolume } from '../../core/volume/archive.ts';
import { Option, PodCommand } from '../command.ts';
import { isTerminal } from '../output/color.ts';
import { pathsOf } from '../paths.ts';

export class VolumeExport extends PodCommand {
  static override usage = { description: 'Write what is in a volume as a tar archive' };

  output = Option.String('-o,--output', { description: 'Write to a `file` instead of standard output' });
  name = Option.String({ name: 'volume' });

  async execute(): Promise<number> {
    const context = {
      paths: pathsOf(this),
      host: hostFacts(this.context.env),
      notice: (line: string) => this.warn(line),
    };
    const write = (emit: (bytes: Uint8Array) => void) => exportVolume(this.name, context, emit);
    if (this.output !== undefined) await writeWhole(this.output, write);
    else if (!isTerminal(this.context.stdout)) await write((bytes) => void this.context.stdout.write(bytes));
    else
      throw new PodError({
        code: 'usage',
        message: 'refused to write a tar archive to a terminal',
        hint: `tsc-pod volume export -o ${this.name}.tar ${this.name}`,
      });
    return 0;
  }
}
