import { PodError } from '../../core/error.ts';
import { noSuchImage, resolveImage } from '../../core/images/find.ts';
import { mountedImages, unmountImage } from '../../core/images/mounted.ts';
import { Option, PodCommand } from '../command.ts';
import { forEachName } from '../each.ts';
import { requireNamespace } from '../images/require-namespace.ts';
import { pathsOf } from '../paths.ts';

export class ImageUnmount extends PodCommand {
  static override usage = { description: 'Unmount the files of images' };

  all = Option.Boolean('-a,--all', false, { description: 'All images that are mounted' });
  force = Option.Boolean('-f,--force', false, { description: 'Though files are still in use' });
  names = Option.Rest({ name: 'image' });

  async execute(): Promise<number> {
    requireNamespace('image unmount');
    const paths = pathsOf(this);
    if (this.names.length === 0 && !this.all)
      throw new PodError({
        code: 'usage',
        message: 'no image was named',
        hint: 'give names or ids, or --all',
      });
    const mounted = mountedImages(paths);
    return forEachName(this, this.all ? [...mounted.keys()] : this.names, (name) => {
      const id = mounted.has(name) ? name : resolveImage(paths, name)?.id;
      if (id === undefined) throw noSuchImage(name);
      if (!mounted.has(id))
        throw new PodError({ code: 'conflict', message: `image ${name} is not mounted here` });
      unmountImage(paths, id, this.force);
      return id;
    });
  }
}
