import { PodError } from '../../core/error.ts';
import { fileOutput, streamOutput, type Write } from '../../core/images/archive/tar-output.ts';
import { chooseImages, saveArchive, saveDirectory } from '../../core/images/push/save.ts';
import { parsePlatform } from '../../core/platform.ts';
import { Option, PodCommand } from '../command.ts';
import { untilInterrupted } from '../interrupt.ts';
import { isTerminal } from '../output/color.ts';
import { oneOf } from '../parse.ts';
import { pathsOf } from '../paths.ts';

export class Save extends PodCommand {
  static override usage = { description: 'Write images into an archive' };

  compress = Option.Boolean('--compress', false, {
    description: 'With docker-dir: compress layers that are not compressed',
  });
  // Not `format`: that is a method's name of clipanion's commands.
  archiveFormat = Option.String('--format', 'docker-archive', {
    description: 'docker-archive, oci-archive, docker-dir or oci-dir (`format`)',
    validator: oneOf('docker-archive', 'oci-archive', 'docker-dir', 'oci-dir'),
  });
  multi = Option.Boolean('-m,--multi-image-archive', false, {
    description: 'Every name is an image: it always is',
  });
  output = Option.String('-o,--output', { description: 'Write to a `file` instead of standard output' });
  platform = Option.String('--platform', { description: 'Of several the one for this `platform`' });
  quiet = Option.Boolean('-q,--quiet', false, { description: 'No progress' });
  uncompressed = Option.Boolean('--uncompressed', false, { hidden: true });
  images = Option.Rest({ name: 'image', required: 1 });

  async execute(): Promise<number> {
    const { archiveFormat: format, output: path } = this;
    if (this.compress && format !== 'docker-dir')
      throw new PodError({
        code: 'usage',
        message: 'cannot use --compress',
        why: `it is for --format docker-dir`,
      });
    const paths = pathsOf(this);
    const platform = this.platform === undefined ? undefined : parsePlatform(this.platform);
    const images = chooseImages(paths, this.images, platform);
    if (format === 'docker-dir' || format === 'oci-dir') {
      if (path === undefined) throw this.refused('refused to write a directory to standard output');
      const compressionFormat = this.compress ? ('gzip' as const) : undefined;
      await untilInterrupted((signal) =>
        saveDirectory(images, format, path, { paths, signal, compressionFormat }),
      );
      return 0;
    }
    if (path === undefined && isTerminal(this.context.stdout))
      throw this.refused('refused to write an archive to a terminal');
    await untilInterrupted(async (signal) => {
      const output = path === undefined ? streamOutput(this.emit) : await fileOutput(path);
      await saveArchive(images, format, output, { paths, signal });
    });
    return 0;
  }

  private emit: Write = (bytes) =>
    new Promise((resolve, reject) => {
      this.context.stdout.write(bytes, (error) => (error ? reject(error) : resolve()));
    });

  private refused(message: string): PodError {
    return new PodError({ code: 'usage', message, hint: `tsc-pod save -o FILE ${this.images.join(' ')}` });
  }
}
