import { commitContainer } from '../../core/container/commit/commit.ts';
import { hostFacts } from '../../core/container/facts.ts';
import { findContainer } from '../../core/container/store.ts';
import { PodError } from '../../core/error.ts';
import { writeFile } from '../../core/write-file.ts';
import { Option, PodCommand } from '../command.ts';
import { oneOf } from '../parse.ts';
import { pathsOf } from '../paths.ts';

export class Commit extends PodCommand {
  static override usage = { description: 'Make an image of a container as it is now' };

  author = Option.String('-a,--author', { description: 'Who made it (`name`)' });
  change = Option.Array('-c,--change', [], {
    description: 'Carry out a Dockerfile `instruction` on the image: CMD, ENV, LABEL, USER, …',
  });
  imageFormat = Option.String('-f,--format', 'oci', {
    description: 'Kind of manifest: oci or docker (`format`)',
    validator: oneOf('oci', 'docker'),
  });
  iidfile = Option.String('--iidfile', { description: "Write the image's id to a `file`" });
  includeVolumes = Option.Boolean('--include-volumes', false, { hidden: true });
  message = Option.String('-m,--message', { description: 'A `text` for its history' });
  pause = Option.Boolean('-p,--pause', true, { description: 'Stop the processes meanwhile' });
  quiet = Option.Boolean('-q,--quiet', false, { description: 'Only the id' });
  squash = Option.Boolean('-s,--squash', false, { description: 'Make all layers one' });
  container = Option.String({ name: 'container' });
  image = Option.String({ name: 'image', required: false });

  async execute(): Promise<number> {
    if (this.includeVolumes)
      throw new PodError({
        code: 'unsupported',
        message: 'cannot put volumes into an image',
        hint: `tsc-pod cp ${this.container}:/PATH - > volume.tar   # keeps one beside it`,
      });
    const paths = pathsOf(this);
    const record = findContainer(paths, this.container);
    const { author, message, change: changes, imageFormat: format, pause, squash } = this;
    const image = await commitContainer(
      { paths, host: hostFacts(this.context.env), record },
      { name: this.image, author, message, changes, format, pause, squash },
      (text) => {
        if (!this.quiet) this.warn(text);
      },
    );
    if (this.iidfile !== undefined) writeFile(this.iidfile, image.id);
    this.printLine(image.id);
    return 0;
  }
}
