import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { emitEvent, subjectOf } from '../events.ts';
import type { Paths } from '../paths.ts';
import type { ContainerRecord } from './record.ts';

type Named = Pick<ContainerRecord, 'id' | 'name'> & Partial<Pick<ContainerRecord, 'image' | 'labels'>>;

/** Where the monitor learns whose events it writes: containers/<id>/event. */
export function subjectFile(directory: string): string {
  return join(directory, 'event');
}

/** Docker's attributes of a container: its labels, its image as it was named, its name. */
function subject({ id, name, image, labels }: Named) {
  return { type: 'container' as const, id, attributes: { ...labels, image: image?.asked, name } };
}

/** Writes that file, when the container is made and when its name or labels change. What a power cut takes of it is not missed. */
export function writeSubject(directory: string, record: Named): void {
  writeFileSync(subjectFile(directory), subjectOf(subject(record)), { mode: 0o600 });
}

/** An event of a container: `emitContainerEvent(paths, record, 'kill', { signal: '15' })`. Never fails. */
export function emitContainerEvent(
  paths: Paths,
  record: Named,
  action: string,
  attributes: Record<string, string | undefined> = {},
): void {
  const { type, id, attributes: own } = subject(record);
  emitEvent(paths, { type, action, id, attributes: { ...own, ...attributes } });
}
