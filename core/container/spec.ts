import type { OciCapabilities } from '../../rootless/capabilities.ts';
import type { LinuxResources } from '../../rootless/cgroup/resources.ts';
import type { IdMaps } from '../../rootless/id-map.ts';
import type { OciIdMapping, OciMount, OciNamespace, OciSpec } from '../../rootless/oci-spec.ts';
import type { OciSeccomp } from '../../rootless/seccomp/oci.ts';
import { PodError } from '../error.ts';
import type { Rlimit } from './flags/ulimit.ts';
import { rootPropagation } from './mounts/propagation.ts';
import type { ContainerUser } from './user.ts';

/** Everything that config.json says, decided: this file only puts it into the specification's shape. */
export interface SpecParts {
  args: string[];
  env: string[];
  cwd: string;
  user: ContainerUser;
  umask: number;
  terminal: boolean;
  consoleSize: { height: number; width: number } | undefined;
  capabilities: OciCapabilities;
  rlimits: Rlimit[];
  noNewPrivileges: boolean;
  oomScoreAdj: number | undefined;
  seccomp: OciSeccomp | undefined;
  readonlyRoot: boolean;
  hostname: string | undefined;
  domainname: string | undefined;
  mounts: OciMount[];
  annotations: Record<string, string>;
  namespaces: OciNamespace[];
  maps: IdMaps;
  sysctl: Record<string, string>;
  resources: LinuxResources;
  maskedPaths: string[];
  readonlyPaths: string[];
}

const mappings = (ranges: IdMaps['uid']): OciIdMapping[] =>
  ranges.map(({ container, host, size }) => ({ containerID: container, hostID: host, size }));

/** RLIM_INFINITY, as JSON's numbers can come to it. */
const finite = (value: number): number => (Number.isFinite(value) ? value : 2 ** 64);

/** What becomes a string of the kernel's can't hold a NUL byte; an image's config may, being JSON. */
function refuseNul(texts: readonly string[], what: string): void {
  const bad = texts.find((text) => text.includes('\0'));
  if (bad === undefined) return;
  throw new PodError({
    code: 'invalid',
    message: `cannot use the ${what} ${JSON.stringify(bad)}`,
    why: 'it holds a NUL byte',
  });
}

/** config.json of the OCI runtime specification 1.1. Throws PodError `invalid` where the image's words can't be had. */
export function buildSpec(parts: SpecParts): OciSpec {
  const { user } = parts;
  const propagation = rootPropagation(parts.mounts);
  refuseNul(parts.args, 'command');
  refuseNul(parts.env, 'environment variable');
  refuseNul([parts.cwd], 'working directory');
  refuseNul(
    parts.mounts.map(({ destination }) => destination),
    'mount point',
  );
  return {
    ociVersion: '1.1.0',
    process: {
      terminal: parts.terminal,
      ...(parts.consoleSize && { consoleSize: parts.consoleSize }),
      user: {
        uid: user.uid,
        gid: user.gid,
        umask: parts.umask,
        ...(user.groups.length > 0 && { additionalGids: user.groups }),
      },
      args: parts.args,
      env: parts.env,
      cwd: parts.cwd,
      capabilities: parts.capabilities,
      rlimits: parts.rlimits.map(({ type, soft, hard }) => ({
        type,
        soft: finite(soft),
        hard: finite(hard),
      })),
      noNewPrivileges: parts.noNewPrivileges,
      ...(parts.oomScoreAdj !== undefined && { oomScoreAdj: parts.oomScoreAdj }),
    },
    root: { path: 'rootfs', readonly: parts.readonlyRoot },
    ...(parts.hostname && { hostname: parts.hostname }),
    ...(parts.domainname && { domainname: parts.domainname }),
    mounts: parts.mounts,
    annotations: parts.annotations,
    linux: {
      namespaces: parts.namespaces,
      uidMappings: mappings(parts.maps.uid),
      gidMappings: mappings(parts.maps.gid),
      sysctl: parts.sysctl,
      resources: parts.resources,
      ...(parts.seccomp && { seccomp: parts.seccomp }),
      ...(propagation && { rootfsPropagation: propagation }),
      maskedPaths: parts.maskedPaths,
      readonlyPaths: parts.readonlyPaths,
    },
  };
}

/** Docker's rule: --entrypoint drops the image's command; a command on the command line replaces the image's. */
export function commandOf(
  image: { Entrypoint?: string[] | null; Cmd?: string[] | null } | undefined,
  entrypoint: string | undefined,
  command: string[],
): { entrypoint: string[]; command: string[] } {
  const own = entrypoint === undefined ? (image?.Entrypoint ?? []) : parseEntrypoint(entrypoint);
  const rest = command.length > 0 ? command : entrypoint === undefined ? (image?.Cmd ?? []) : [];
  if (own.length + rest.length === 0) {
    throw new PodError({
      code: 'usage',
      message: 'no command to run',
      why: 'the image names none, and none was given',
      hint: 'tsc-pod run IMAGE COMMAND',
    });
  }
  return { entrypoint: own, command: rest };
}

/** One program, or as podman takes it too, a JSON array of words; empty: none. */
function parseEntrypoint(text: string): string[] {
  if (text === '') return [];
  if (!text.startsWith('[')) return [text];
  try {
    const words: unknown = JSON.parse(text);
    if (Array.isArray(words) && words.every((word) => typeof word === 'string')) return words;
  } catch {
    // Not JSON: a program whose name begins with a bracket.
  }
  return [text];
}
