import { join } from 'node:path';
import type { NamespaceHolder } from '../../../rootless/compile.ts';
import type { OciNamespace } from '../../../rootless/oci-spec.ts';
import { PodError } from '../../error.ts';
import type { Paths } from '../../paths.ts';
import type { ContainerRecord } from '../record.ts';
import { containerState } from '../state.ts';
import { readRecord, runtimeDirectory } from '../store.ts';

export type JoinKind = Exclude<OciNamespace['type'], 'mount'>;

const JOINED = /^container:([0-9a-f]{64})$/;

/** The id in `container:ID`; undefined for any other mode. */
export function joinedId(mode: string | undefined): string | undefined {
  return mode === undefined ? undefined : JOINED.exec(mode)?.[1];
}

/** The containers whose namespaces this one uses: id -> kinds. They must run when it starts. */
export function joinsOf(record: Pick<ContainerRecord, 'network' | 'namespaces'>): Map<string, JoinKind[]> {
  const { network, namespaces } = record;
  const modes: [JoinKind, string | undefined][] = [
    ['user', namespaces?.user],
    ['network', network.mode],
    ['ipc', namespaces?.ipc],
    ['pid', namespaces?.pid],
    ['uts', namespaces?.uts],
    ['cgroup', namespaces?.cgroup],
  ];
  const joins = new Map<string, JoinKind[]>();
  for (const [kind, mode] of modes) {
    const id = joinedId(mode);
    if (id !== undefined) joins.set(id, [...(joins.get(id) ?? []), kind]);
  }
  return joins;
}

/** Who holds what a container joins, by `container:ID`. Throws PodError `conflict` when one doesn't run. */
export function namespaceHolders(
  paths: Paths,
  record: Pick<ContainerRecord, 'name' | 'network' | 'namespaces'>,
): Map<string, NamespaceHolder> {
  const holders = new Map<string, NamespaceHolder>();
  for (const id of joinsOf(record).keys()) {
    const other = readRecord(paths, id);
    if (!other || !containerState(paths, other).process)
      throw new PodError({
        code: 'conflict',
        message: `cannot start ${record.name}`,
        why: other
          ? `it shares namespaces with container ${other.name}, which is not running`
          : `it shares namespaces with container ${id.slice(0, 12)}, which is gone`,
        hint: other ? `tsc-pod start ${other.name}` : `tsc-pod rm ${record.name}`,
      });
    holders.set(`container:${id}`, { name: other.name, state: join(runtimeDirectory(paths, id), 'state') });
  }
  return holders;
}
