import { type Change, changesOf } from '../../core/container/changes.ts';
import { hostFacts } from '../../core/container/facts.ts';
import type { ContainerRecord } from '../../core/container/record.ts';
import { PodError } from '../../core/error.ts';
import { noSuchImage, resolveImage } from '../../core/images/find.ts';
import type { ImageRecord } from '../../core/images/format/types.ts';
import type { Paths } from '../../core/paths.ts';
import { chooseContainer } from '../choose-containers.ts';
import { Option, PodCommand } from '../command.ts';
import { isMissing } from '../each.ts';
import { toJson } from '../format/values.ts';
import { isTerminal } from '../output/color.ts';
import { escapeControls } from '../output/escape.ts';
import { oneOf } from '../parse.ts';
import { pathsOf } from '../paths.ts';

const KEYS = { A: 'added', C: 'changed', D: 'deleted' } as const;
const text = (path: string): string => Buffer.from(path, 'latin1').toString();

/** podman's shape. */
function grouped(changes: readonly Change[]): Record<string, string[]> {
  const groups: Record<string, string[]> = {};
  for (const [kind, key] of Object.entries(KEYS)) {
    const paths = changes.filter((change) => change.kind === kind).map(({ path }) => text(path));
    if (paths.length > 0) groups[key] = paths;
  }
  return groups;
}

abstract class DiffCommand extends PodCommand {
  format = Option.String('--format', { description: 'Print json', validator: oneOf('json') });

  protected show(list: readonly Change[]): number {
    if (this.format !== undefined) this.printLine(toJson(grouped(list), 4));
    else {
      const shown = isTerminal(this.context.stdout) ? escapeControls : String;
      this.print(list.map(({ kind, path }) => `${kind} ${shown(text(path))}\n`).join(''));
    }
    return 0;
  }

  /** Of an image alone: what its topmost layer has changed. */
  protected async images(image: ImageRecord, other: ImageRecord | undefined): Promise<number> {
    const { imageChanges } = await import('../../core/images/image-changes.ts');
    const before = other?.diffIds ?? image.diffIds.slice(0, -1);
    const host = hostFacts(this.context.env);
    return this.show(await imageChanges(pathsOf(this), host, image.diffIds, before));
  }

  protected image(name: string): ImageRecord {
    const image = resolveImage(pathsOf(this), name);
    if (image) return image;
    throw noSuchImage(name);
  }
}

export class Diff extends DiffCommand {
  static override usage = { description: 'List the files that a container or an image has changed' };

  latest = Option.Boolean('-l,--latest', false, { description: 'The container that was made last' });
  name = Option.String({ name: 'container|image', required: false });
  other = Option.String({ name: 'image', required: false });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    if (this.name !== undefined && this.other !== undefined)
      return this.images(this.image(this.name), this.image(this.other));
    let record: ContainerRecord;
    try {
      record = chooseContainer(paths, this.name, this.latest);
    } catch (error) {
      const image = isMissing(error) && this.name !== undefined ? imageOrNone(paths, this.name) : undefined;
      if (image === undefined) throw error;
      return this.images(image, undefined);
    }
    return this.show(await changesOf({ paths, host: hostFacts(this.context.env), record }));
  }
}

function imageOrNone(paths: Paths, name: string): ImageRecord | undefined {
  try {
    return resolveImage(paths, name);
  } catch (error) {
    if (error instanceof PodError && error.code === 'usage') return undefined; // no name of an image
    throw error;
  }
}

export class ContainerDiff extends DiffCommand {
  static override usage = { description: 'List the files that a container has changed' };

  latest = Option.Boolean('-l,--latest', false, { description: 'The container that was made last' });
  container = Option.String({ name: 'container', required: false });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const record = chooseContainer(paths, this.container, this.latest);
    return this.show(await changesOf({ paths, host: hostFacts(this.context.env), record }));
  }
}

export class ImageDiff extends DiffCommand {
  static override usage = {
    description: 'List the files that an image has changed: in what is below its last layer, or in another',
  };

  first = Option.String({ name: 'image' });
  other = Option.String({ name: 'image', required: false });

  async execute(): Promise<number> {
    const other = this.other === undefined ? undefined : this.image(this.other);
    return this.images(this.image(this.first), other);
  }
}
