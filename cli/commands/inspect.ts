import { inspectContainer } from '../../core/container/inspect/inspect.ts';
import { findContainer } from '../../core/container/store.ts';
import { writtenSizes } from '../../core/container/written-size.ts';
import { PodError } from '../../core/error.ts';
import { noSuchImage, resolveImage } from '../../core/images/find.ts';
import { inspectImage } from '../../core/images/inspect.ts';
import { findNetwork } from '../../core/network/find.ts';
import { inspectNetwork } from '../../core/network/inspect.ts';
import type { Paths } from '../../core/paths.ts';
import { type Platform, parsePlatform } from '../../core/platform.ts';
import { inspectPod } from '../../core/pod/inspect.ts';
import { containersOf, findPod } from '../../core/pod/store.ts';
import { inspectVolume } from '../../core/volume/inspect.ts';
import { findVolume } from '../../core/volume/store.ts';
import { Option, PodCommand } from '../command.ts';
import { inspectEach } from '../inspect-each.ts';
import { oneOf, parsed } from '../parse.ts';
import { pathsOf } from '../paths.ts';

/** In the order in which a name is looked for. */
const KINDS = ['container', 'image', 'volume', 'network', 'pod'] as const;
type Kind = 'all' | (typeof KINDS)[number];

/** Whether it is only this kind of object that doesn't have the name. */
function isOfAnotherKind(error: unknown): boolean {
  return error instanceof PodError && (error.code === 'not-found' || error.code === 'usage');
}

interface Wanted {
  /** A container with its sizes. */
  sized?: boolean;
  /** Of a list, the image for this platform. */
  platform?: Platform | undefined;
}

function shownContainer(paths: Paths, name: string, { sized }: Wanted): object | undefined {
  const record = findContainer(paths, name);
  const container = inspectContainer(paths, record);
  if (!container || !sized) return container;
  const { written, virtual } = writtenSizes(paths, [record]).get(record.id)!;
  return { ...container, SizeRw: written, SizeRootFs: virtual };
}

function shownPod(paths: Paths, name: string): object {
  const pod = findPod(paths, name);
  return inspectPod(paths, { pod, containers: containersOf(paths, pod) });
}

function shownImage(paths: Paths, name: string, { platform }: Wanted): object | undefined {
  const image = resolveImage(paths, name, platform);
  return image && inspectImage(paths, image);
}

const SHOWN = {
  container: shownContainer,
  image: shownImage,
  volume: (paths: Paths, name: string) => inspectVolume(paths, findVolume(paths, name)),
  network: async (paths: Paths, name: string) => inspectNetwork(paths, await findNetwork(paths, name)),
  pod: shownPod,
};

async function inspectObject(paths: Paths, name: string, kind: Kind, wanted: Wanted): Promise<object> {
  for (const one of kind === 'all' ? KINDS : [kind]) {
    try {
      const found = await SHOWN[one](paths, name, wanted);
      if (found) return found;
    } catch (error) {
      if (kind !== 'all' || !isOfAnotherKind(error)) throw error;
    }
  }
  if (kind === 'image') throw noSuchImage(name);
  throw new PodError({ code: 'not-found', message: `no such ${kind === 'all' ? 'object' : kind}: ${name}` });
}

abstract class InspectCommand extends PodCommand {
  format = Option.String('-f,--format', { description: 'Print json or by a Go `template`' });
  abstract names: string[];
  protected abstract kind(): Kind;
  protected wanted(): Wanted {
    return {};
  }

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const template = this.format === 'json' ? undefined : this.format;
    return inspectEach(this, this.names, template, (name) =>
      inspectObject(paths, name, this.kind(), this.wanted()),
    );
  }
}

export class Inspect extends InspectCommand {
  static override usage = { description: 'Show all about containers, images, volumes, networks and pods' };
  names = Option.Rest({ name: 'container|image|network|pod|volume', required: 1 });
  type = Option.String('-t,--type', 'all', {
    description: 'all, container, image, volume, network or pod (`kind`)',
    validator: oneOf('all', ...KINDS),
  });
  size = Option.Boolean('-s,--size', false, { description: 'Show how much containers have written' });
  protected kind = (): Kind => this.type;
  protected override wanted = (): Wanted => ({ sized: this.size });
}

export class ContainerInspect extends InspectCommand {
  static override usage = { description: 'Show all about containers' };
  names = Option.Rest({ name: 'container', required: 1 });
  size = Option.Boolean('-s,--size', false, { description: 'Show how much containers have written' });
  protected kind = (): Kind => 'container';
  protected override wanted = (): Wanted => ({ sized: this.size });
}

export class ImageInspect extends InspectCommand {
  static override usage = { description: 'Show all about images' };
  names = Option.Rest({ name: 'image', required: 1 });
  platform = Option.String('--platform', {
    description: 'Of a list: the image for this `platform`, as linux/arm64',
    validator: parsed(parsePlatform),
  });
  protected kind = (): Kind => 'image';
  protected override wanted = (): Wanted => ({ platform: this.platform });
}
