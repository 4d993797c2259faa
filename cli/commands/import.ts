import { importImage } from '../../core/container/commit/import-image.ts';
import { hostPlatform, parsePlatform } from '../../core/platform.ts';
import { archiveOf } from '../archive-argument.ts';
import { Option, PodCommand } from '../command.ts';
import { untilInterrupted } from '../interrupt.ts';
import { pathsOf } from '../paths.ts';
import { platformText } from '../platform-flags.ts';

export class Import extends PodCommand {
  static override usage = { description: 'Make an image of an archive of files' };

  arch = Option.String('--arch', { description: 'For this `architecture`' });
  change = Option.Array('-c,--change', [], {
    description: 'Carry out a Dockerfile `instruction` on the image: CMD, ENV, LABEL, USER, …',
  });
  message = Option.String('-m,--message', { description: 'A `text` for its history' });
  os = Option.String('--os', { description: 'For this operating `system`' });
  platform = Option.String('--platform', { description: 'For this `platform`, as linux/arm64' });
  quiet = Option.Boolean('-q,--quiet', false, { description: 'Only the id' });
  variant = Option.String('--variant', { description: 'For this `variant` of the architecture' });
  archive = Option.String({ name: 'file|URL|-' });
  reference = Option.String({ name: 'reference', required: false });

  async execute(): Promise<number> {
    const { change: changes, message, reference: name } = this;
    const asked = platformText(this);
    const platform = asked === undefined ? hostPlatform() : parsePlatform(asked);
    const input = archiveOf(this.archive, this.context.stdin, 'tsc-pod import FILE');
    const image = await untilInterrupted((signal) =>
      importImage(input, {
        ...{ paths: pathsOf(this), env: this.context.env, signal },
        ...{ name, changes, message, platform },
        onNotice: (text) => {
          if (!this.quiet) this.warn(text);
        },
      }),
    );
    this.printLine(`sha256:${image.id}`);
    return 0;
  }
}
