/** A pod as it lies on disk: pods/<id>/pod.json. What it does is told by its containers. */

/** Podman's words for the namespaces that the containers of a pod can share. */
export const SHARED_KINDS = ['cgroup', 'ipc', 'net', 'pid', 'uts'] as const;
export type SharedKind = (typeof SHARED_KINDS)[number];

export interface PodRecord {
  version: 1;
  id: string;
  name: string;
  /** RFC 3339. */
  created: string;
  labels: Record<string, string>;
  hostname: string;
  /** Nothing where there is no infra container. */
  shared: SharedKind[];
  /** Id of the container that holds the namespaces: process 1 is the launcher. */
  infra: string | undefined;
  /** Of the containers that are put into it without one of their own. */
  restart?: string | undefined;
  /** What becomes of the infra container when the last of the others has ended. */
  exitPolicy: 'continue' | 'stop';
}
