import { inspectContainer } from '../../core/container/inspect.ts';
import { findContainer } from '../../core/container/store.ts';
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

function inspectObject(paths: Paths, name: string, kind: Kind): object {
  if (kind !== 'image') {
    try {
      const container = inspectContainer(paths, findContainer(paths, name));
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

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const terminal = isTerminal(this.context.stdout);
    const found: object[] = [];
    let status = 0;
    for (const name of this.names) {
      try {
        const object = inspectObject(paths, name, this.kind());
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
  protected kind = (): Kind => this.type;
}

export class ContainerInspect extends InspectCommand {
  static override paths = [['container', 'inspect']];
  static override usage = { description: 'Show all about containers' };
  protected kind = (): Kind => 'container';
}

export class ImageInspect extends InspectCommand {
  static override paths = [['image', 'inspect']];
  static override usage = { description: 'Show all about images' };
  protected kind = (): Kind => 'image';
}
