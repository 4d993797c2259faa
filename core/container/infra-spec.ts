import type { OciSpec } from '../../rootless/oci-spec.ts';

/**
 * What remains of a container's world for the one that only holds the namespaces of a pod: shared memory, and the files
 * that the others have from it; /proc, for the sysctls of its namespaces, but nothing else that could be written to.
 */
export function infraSpec(spec: OciSpec): OciSpec {
  const kept = spec.mounts.filter(
    ({ destination }) => ['/proc', '/dev/shm'].includes(destination) || destination.startsWith('/etc/'),
  );
  const none = { bounding: [], effective: [], permitted: [], inheritable: [], ambient: [] };
  return {
    ...spec,
    mounts: kept,
    root: { ...spec.root, readonly: true },
    process: { ...spec.process, env: [], cwd: '/', capabilities: none, noNewPrivileges: true },
    linux: { ...spec.linux, maskedPaths: [], readonlyPaths: ['/proc'] },
  };
}
