import { PodError } from '../../core/error.ts';
import { layerNamespace } from '../../core/images/pull/obtain.ts';
import { chooseImages } from '../../core/images/push/save.ts';
import { loadImages } from '../../core/images/transports/load.ts';
import { fetchBySsh, sendBySsh } from '../../core/images/transports/ssh.ts';
import { Option, PodCommand } from '../command.ts';
import { loadedLines } from '../images/loaded.ts';
import { untilInterrupted } from '../interrupt.ts';
import { escapeControlsInLines } from '../output/escape.ts';
import { pathsOf } from '../paths.ts';

export class ImageScp extends PodCommand {
  static override usage = {
    description: 'Copy an image to another machine, or from there, by ssh',
    examples: [
      ['To the store of a user there', '$0 image scp alpine me@host::'],
      ['From there', '$0 image scp me@host::alpine'],
    ] as [string, string][],
  };

  quiet = Option.Boolean('-q,--quiet', false, { description: 'Say nothing' });
  source = Option.String({ name: 'image|host::image' });
  target = Option.String({ name: 'host::', required: false });

  async execute(): Promise<number> {
    const { source, target, quiet } = this;
    const paths = pathsOf(this);
    const [host, image] = placeOf(source);
    const said = await untilInterrupted(async (signal) => {
      if (host === undefined && target?.endsWith('::'))
        return sendBySsh(target.slice(0, -2), chooseImages(paths, [source]), { paths, signal, quiet });
      if (host === undefined || image === '' || target !== undefined) throw wrong(host, image);
      return fetchBySsh(host, image, signal, async (archive, isAsked) => {
        const options = { paths, env: this.context.env, namespace: layerNamespace, signal, isAsked };
        let lines = '';
        for await (const one of loadImages(archive, options)) lines += `${loadedLines(one).join('\n')}\n`;
        return lines;
      });
    });
    if (!quiet) this.print(escapeControlsInLines(said));
    return 0;
  }
}

/** What is before the first `::`, and what is behind it. */
function placeOf(text: string): [host: string | undefined, image: string] {
  const at = text.indexOf('::');
  return at < 0 ? [undefined, text] : [text.slice(0, at), text.slice(at + 2)];
}

function wrong(host: string | undefined, image: string): PodError {
  return new PodError({
    code: 'usage',
    message: host === undefined ? 'no machine was named' : 'an image is copied to one machine, or from one',
    hint: `tsc-pod image scp ${image || 'IMAGE'} USER@HOST::   # or from there: USER@HOST::IMAGE`,
  });
}
