import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PodError } from '../error.ts';
import type { Paths } from '../paths.ts';
import { writeFile } from '../write-file.ts';
import { freeName } from './discard.ts';
import { emitContainerEvent, writeSubject } from './events.ts';
import type { HostFacts } from './facts.ts';
import { changeContainer, replaceRecord } from './replace.ts';
import { claimName, containerDirectory, releaseName, reservation, runtimeDirectory } from './store.ts';

/**
 * Gives a container another name: the new one is reserved first and the old one released last, so that nobody gets
 * either in between. Killed half-way it has one of the two; `holderOf` frees the other when somebody wants it.
 */
export function renameContainer(
  { paths, host }: { paths: Paths; host: () => HostFacts },
  wish: string,
  name: string,
): Promise<void> {
  return changeContainer(paths, wish, async (record) => {
    const old = record.name;
    if (name === old)
      throw new PodError({
        code: 'conflict',
        message: `cannot rename ${old}`,
        why: 'that is its name already',
      });
    freeName(paths, name);
    claimName(paths, record.id, name);
    const renamed = { ...record, name };
    try {
      tellMonitor(paths, record.id, name);
      replaceRecord(paths, renamed);
    } catch (error) {
      tellMonitor(paths, record.id, old);
      releaseName(paths, name, record.id);
      throw error;
    }
    releaseName(paths, old, record.id);
    writeSubject(containerDirectory(paths, record.id), renamed);
    emitContainerEvent(paths, renamed, 'rename', { oldName: old });
    if (!record.network.networks) return;
    const { renameInNetworks } = await import('../network/connect.ts');
    await renameInNetworks({ paths, host: host() }, renamed);
  });
}

/** With --rm the monitor releases the name: RUNTIME/name says which, when it is not the one of its plan. */
function tellMonitor(paths: Paths, id: string, name: string): void {
  const runtime = runtimeDirectory(paths, id);
  if (existsSync(runtime)) writeFile(join(runtime, 'name'), reservation(paths, name, id), { mode: 0o600 });
}
