import { join } from 'node:path';
import { emitEvent, subjectOf } from '../events.ts';
import type { Paths } from '../paths.ts';
import { writeFile } from '../write-file.ts';
import type { ContainerRecord } from './record.ts';

type Named = Pick<ContainerRecord, 'id' | 'name'> & Partial<Pick<ContainerRecord, 'image' | 'labels'>>;
type Attached = Named & Partial<Pick<ContainerRecord, 'network' | 'volumes'>>;

/** Where the monitor learns whose events it writes: containers/<id>/event. */
export function subjectFile(directory: string): string {
  return join(directory, 'event');
}

/** Docker's attributes of a container: its labels, its image as it was named, its name. */
function subject({ id, name, image, labels }: Named) {
  return { type: 'container' as const, id, attributes: { ...labels, image: image?.asked, name } };
}

/** What the monitor says of others than the container when that starts and ends, line by line: rootless/native/event.h. */
function othersText({ id, network, volumes = [] }: Attached): string {
  const networks = (network?.networks ?? []).flatMap((one) => {
    const attributes = { container: id, name: one.name, type: 'bridge' };
    const text = subjectOf({ type: 'network', id: one.id, attributes });
    return [`start connect ${text}`, `end disconnect ${text}`];
  });
  const mounts = volumes.flatMap(({ name, destination, readOnly = false }) => {
    const attributes = { container: id, driver: 'local' };
    const more = { destination, propagation: '', 'read/write': String(!readOnly) };
    return [
      `start mount ${subjectOf({ type: 'volume', id: name, attributes: { ...attributes, ...more } })}`,
      `end unmount ${subjectOf({ type: 'volume', id: name, attributes })}`,
    ];
  });
  return [...networks, ...mounts].map((line) => `${line}\n`).join('');
}

/**
 * Writes these files, when the container is made and when its name, labels or networks change. What a power cut takes of
 * them is not missed.
 */
export function writeSubject(directory: string, record: Attached): void {
  writeFile(subjectFile(directory), subjectOf(subject(record)), { mode: 0o600 });
  const others = othersText(record);
  if (others !== '' || record.network?.networks)
    writeFile(`${subjectFile(directory)}-others`, others, { mode: 0o600 });
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
