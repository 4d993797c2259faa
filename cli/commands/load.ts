import { layerNamespace } from '../../core/images/pull/obtain.ts';
import { loadImages } from '../../core/images/transports/load.ts';
import { parsePlatform } from '../../core/platform.ts';
import { archiveOf } from '../archive-argument.ts';
import { Option, PodCommand } from '../command.ts';
import { loadedLines } from '../images/loaded.ts';
import { showProgress } from '../output/progress.ts';
import { pathsOf } from '../paths.ts';

export class Load extends PodCommand {
  static override usage = {
    description: 'Get images from an archive of save, docker save or podman save, or from a directory',
  };

  input = Option.String('-i,--input', {
    description: 'Read a `file` or an address instead of standard input',
  });
  platform = Option.String('--platform', { description: 'Of several the one for this `platform`' });
  quiet = Option.Boolean('-q,--quiet', false, { description: 'No progress' });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const { env, stderr } = this.context;
    const platform = this.platform === undefined ? undefined : parsePlatform(this.platform);
    const progress = this.quiet ? undefined : showProgress(stderr);
    try {
      const images = loadImages(
        archiveOf(this.input, this.context.stdin, 'tsc-pod load -i FILE, or tsc-pod load < FILE'),
        {
          paths,
          env,
          platform,
          namespace: layerNamespace,
          ...(progress && { onProgress: progress.onProgress, onNotice: progress.onNotice }),
        },
      );
      for await (const image of images) for (const line of loadedLines(image)) this.printLine(line);
    } finally {
      progress?.end();
    }
    return 0;
  }
}
