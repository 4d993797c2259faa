import { hostFacts } from '../../core/container/facts.ts';
import { exportVolume } from '../../core/volume/archive.ts';
import { writeArchive } from '../archive-output.ts';
import { Option, PodCommand } from '../command.ts';
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
    await writeArchive(this, this.output, `tsc-pod volume export -o ${this.name}.tar ${this.name}`, write);
    return 0;
  }
}
