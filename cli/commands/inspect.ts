import { inspectContainer } from '../../core/container/inspect.ts';
import type { ContainerRecord } from '../../core/container/record.ts';
import { findContainer } from '../../core/container/store.ts';
import { writtenSizes } from '../../core/container/written-size.ts';
import { PodError } from '../../core/error.ts';
import { resolveImage } from '../../core/images/find.ts';
import { inspectImage } from '../../core/images/inspect.ts';
import type { Paths } from '../../core/paths.ts';
import { Option, PodCommand } from '../command.ts';
import { formatObject } from '../format/rows.ts';
import { toJson } from '../format/values.ts';
import { isTerminal } from '../output/color.ts';
import { reportError } from '../output/error.ts';
import { oneOf } from '../parse.ts';
import { pathsOf } from '../paths.ts';

type Kind = 'all' | 'container' | 'image';

/** Whether it is only this kind of object that doesn't have the name. */
function isMissing(error: unknown): boolean {
  return error instanceof PodError && (error.code === 'not-found' || error.code === 'usage');
}

function sizesShown(paths: Paths, record: ContainerRecord): object {
  const { written, virtual } = writtenSizes(paths, [record]).get(record.id)!;
  return { SizeRw: written, SizeRootFs: virtual };
}

/** `sized`: containers are shown with their sizes. */
function inspectObject(paths: Paths, name: string, kind: Kind, sized: boolean): object {
  if (kind !== 'image') {
    try {
      const record = findContainer(paths, name);
      const container = inspectContainer(paths, record);
      if (container && sized) return { ...container, ...sizesShown(paths, record) };
      if (container) return container;
    } catch (error) {
      if (kind === 'container' || !isMissing(error)) throw error;
    }
  }
  const image = kind === 'container' ? undefined : resolveImage(paths, name);
  if (image) return inspectImage(image);
  throw new PodError({ code: 'not-found', message: `no such ${kind === 'all' ? 'object' : kind}: ${name}` });
}

abstract class InspectCommand extends PodCommand {
  format = Option.String('-f,--format', { description: 'Print json or by a Go `template`' });
  names = Option.Rest({ name: 'name', required: 1 });
  protected abstract kind(): Kind;
  protected abstract sized(): boolean;

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const terminal = isTerminal(this.context.stdout);
    const found: object[] = [];
    let status = 0;
    for (const name of this.names) {
      try {
        const object = inspectObject(paths, name, this.kind(), this.sized());
        if (this.format !== undefined && this.format !== 'json')
          this.print(formatObject(this.format, object, terminal));
        else found.push(object);
      } catch (error) {
        status ||= reportError(error, this.context, { debug: this.debug });
      }
    }
    if (this.format === undefined || this.format === 'json') this.printLine(toJson(found, 4));
    return status;
  }
}

export class Inspect extends InspectCommand {
  static override paths = [['inspect']];
  static override usage = { description: 'Show all about containers and images' };
  type = Option.String('-t,--type', 'all', {
    description: 'all, container or image (`kind`)',
    validator: oneOf('all', 'container', 'image'),
  });
  size = Option.Boolean('-s,--size', false, { description: 'Show how much containers have written' });
  protected kind = (): Kind => this.type;
  protected sized = (): boolean => this.size;
}

export class ContainerInspect extends InspectCommand {
  static override paths = [['container', 'inspect']];
  static override usage = { description: 'Show all about containers' };
  size = Option.Boolean('-s,--size', false, { description: 'Show how much containers have written' });
  protected kind = (): Kind => 'container';
  protected sized = (): boolean => this.size;
}

export class ImageInspect extends InspectCommand {
  static override paths = [['image', 'inspect']];
  static override usage = { description: 'Show all about images' };
  protected kind = (): Kind => 'image';
  protected sized = (): boolean => false;
}
