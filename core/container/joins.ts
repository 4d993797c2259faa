import type { OciNamespace } from '../../rootless/oci-spec.ts';
import type { ContainerRecord } from './record.ts';

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
