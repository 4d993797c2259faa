import { join } from 'node:path';
import type { OciSpec } from '../../rootless/oci-spec.ts';
import { stringifyExact } from '../../rootless/seccomp/exact-json.ts';
import { replaceFile } from '../aside.ts';
import { errnoOf } from '../error.ts';
import { withLock } from '../lock.ts';
import type { Paths } from '../paths.ts';
import type { ContainerRecord } from './record.ts';
import { containerDirectory, findContainer } from './store.ts';

export function replaceRecord(paths: Paths, record: ContainerRecord): void {
  replaceFile(join(containerDirectory(paths, record.id), 'container.json'), JSON.stringify(record));
}

export function replaceSpec(paths: Paths, { id }: Pick<ContainerRecord, 'id'>, spec: OciSpec): void {
  replaceFile(join(containerDirectory(paths, id), 'config.json'), stringifyExact(spec));
}

/** Changes what is stored of a container, one after the other; `work` gets the record as it then is. */
export function changeContainer<T>(
  paths: Paths,
  wish: string,
  work: (record: ContainerRecord) => T | Promise<T>,
): Promise<T> {
  const { id } = findContainer(paths, wish);
  return withLock(join(paths.locks, `container-${id}`), async () => {
    try {
      return await work(findContainer(paths, id));
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') findContainer(paths, id); // it was removed meanwhile: that is what is told
      throw error;
    }
  });
}
