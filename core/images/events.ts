import { emitEvent } from '../events.ts';
import type { Paths } from '../paths.ts';
import { familiarName, parseReference } from '../reference.ts';

/** `alpine:latest` for docker.io/library/alpine:latest. */
function familiar(name: string): string {
  try {
    const reference = parseReference(name);
    return reference.kind === 'registry' ? familiarName(reference) : name;
  } catch {
    return name;
  }
}

/**
 * An event of an image. `pull` and `push` are of a name, the others of an image id (hex digits) with the name that came
 * or went, as docker has it.
 */
export function emitImageEvent(paths: Pick<Paths, 'data'>, action: string, id: string, name?: string): void {
  const ofName = action === 'pull' || action === 'push';
  const shown = name === undefined ? undefined : familiar(name);
  emitEvent(paths, {
    type: 'image',
    action,
    id: ofName ? familiar(id) : `sha256:${id}`,
    attributes: { name: ofName ? familiar(id) : (shown ?? `sha256:${id}`) },
  });
}
