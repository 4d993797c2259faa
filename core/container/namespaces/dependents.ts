import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Paths } from '../../paths.ts';
import type { ContainerRecord } from '../record.ts';
import { containerDirectory, listIds, readRecord } from '../store.ts';
import { joinsOf } from './joins.ts';

/** The containers that use namespaces of this one. Most records are read, but not parsed. */
export function dependentsOf(paths: Paths, { id }: Pick<ContainerRecord, 'id'>): ContainerRecord[] {
  return listIds(paths).flatMap((other) => {
    if (other === id || !mentions(join(containerDirectory(paths, other), 'container.json'), id)) return [];
    const record = readRecord(paths, other);
    return record && joinsOf(record).has(id) ? [record] : [];
  });
}

function mentions(file: string, id: string): boolean {
  try {
    return readFileSync(file).includes(`container:${id}`);
  } catch {
    return false; // removed meanwhile
  }
}
