import { exportContainer } from '../../core/container/export.ts';
import { hostFacts } from '../../core/container/facts.ts';
import { writeArchive } from '../archive-output.ts';
import { chooseContainer } from '../choose-containers.ts';
import { Option, PodCommand } from '../command.ts';
import { pathsOf } from '../paths.ts';

export class Export extends PodCommand {
  static override usage = { description: "Write a container's files as a tar archive" };

  latest = Option.Boolean('-l,--latest', false, { description: 'The container that was made last' });
  output = Option.String('-o,--output', { description: 'Write to a `file` instead of standard output' });
  container = Option.String({ name: 'container', required: false });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const record = chooseContainer(paths, this.container, this.latest);
    const parts = { paths, host: hostFacts(this.context.env), record };
    const write = async (emit: (bytes: Uint8Array) => void) => {
      for (const notice of await exportContainer(parts, emit)) this.warn(notice);
    };
    await writeArchive(this, this.output, `tsc-pod export -o ${record.name}.tar ${record.name}`, write);
    return 0;
  }
}
