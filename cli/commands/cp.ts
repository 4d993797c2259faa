import { copyFiles } from '../../core/container/copy/copy.ts';
import { parseCopyEnd } from '../../core/container/copy/copy-end.ts';
import { hostFacts } from '../../core/container/facts.ts';
import { PodError } from '../../core/error.ts';
import { Option, PodCommand } from '../command.ts';
import { isTerminal } from '../output/color.ts';
import { humanSize } from '../output/units.ts';
import { pathsOf } from '../paths.ts';

export class Cp extends PodCommand {
  static override usage = { description: 'Copy files between containers and here' };

  archive = Option.Boolean('-a,--archive', false, { description: 'Keep the owners' });
  followLink = Option.Boolean('-L,--follow-link', false, {
    description: 'Copy what a symbolic link leads to',
  });
  overwrite = Option.Boolean('--overwrite', false, {
    description: 'Let a directory take the place of a file, and a file that of a directory',
  });
  quiet = Option.Boolean('-q,--quiet', false, { description: 'Say nothing of how much was copied' });
  source = Option.String({ name: 'container:path|path|-' });
  destination = Option.String({ name: 'container:path|path|-' });

  async execute(): Promise<number> {
    const [from, to] = [parseCopyEnd(this.source), parseCopyEnd(this.destination)];
    const { env, stdin, stdout, stderr } = this.context;
    if (to.kind === 'stream' && isTerminal(stdout))
      throw new PodError({
        code: 'usage',
        message: 'refused to write a tar archive to a terminal',
        hint: `tsc-pod cp ${this.source} - > files.tar`,
      });
    const size = await copyFiles(from, to, this, {
      paths: pathsOf(this),
      host: hostFacts(env),
      input: () => stdin as AsyncIterable<Uint8Array>,
      output: (bytes) => void stdout.write(bytes),
      notice: (text) => this.warn(text),
    });
    if (!this.quiet && to.kind !== 'stream' && isTerminal(stderr))
      this.warn(`Successfully copied ${humanSize(size)} to ${this.destination}`);
    return 0;
  }
}
