/** RUN --mount: what each needs for the key of the step, and what its container gets. */

import { join, posix } from 'node:path';
import { ownersNamespace } from '../../container/copy/place.ts';
import { makeDirectory } from '../../make-directory.ts';
import { writeFile } from '../../write-file.ts';
import type { BuildContext } from '../context/build-context.ts';
import { applyCopy } from '../copy/apply-copy.ts';
import { copySources } from '../copy/copy-sources.ts';
import type { Selection } from '../copy/selection.ts';
import type { RunMount } from '../dockerfile/dockerfile.ts';
import { withCacheMount } from './mount-cache.ts';
import { secretFlag } from './mount-secret.ts';
import { agentOf, forwardAgent } from './mount-ssh.ts';
import type { BuildEnvironment } from './step.ts';

/** A mount whose source is found and hashed. */
export interface FoundMount {
  readonly mount: RunMount;
  /** Absolute, in the container. */
  readonly target: string;
  /** Of a bind or a cache's beginning. */
  readonly selection?: Selection | undefined;
}

/** What a container gets by its mounts: flags of `run`. */
export interface MountFlags {
  readonly mounts: string[];
  readonly secrets: string[];
  readonly env: string[];
  /** Targets that appear in no `mounts`. */
  readonly targets: string[];
}

/** `filesOf`: what `from` means; undefined is the build's context. */
export async function findMounts(
  mounts: readonly RunMount[],
  workingDirectory: string,
  filesOf: (from: string | undefined) => Promise<BuildContext>,
): Promise<FoundMount[]> {
  let sockets = 0;
  return Promise.all(
    mounts.map(async (mount) => {
      const target = posix.resolve(workingDirectory, mount.target ?? defaultTarget(mount, () => sockets++));
      const isCopy = mount.type === 'bind' || (mount.type === 'cache' && mount.from !== undefined);
      return isCopy ? { mount, target, selection: await select(mount, filesOf) } : { mount, target };
    }),
  );
}

/** BuildKit's. */
function defaultTarget(mount: RunMount, number: () => number): string {
  if (mount.type === 'ssh') return `/run/buildkit/ssh_agent.${number()}`;
  return mount.type === 'secret' ? `/run/secrets/${mount.id}` : '/';
}

async function select(
  { from, source }: { from?: string; source: string },
  filesOf: (from: string | undefined) => Promise<BuildContext>,
): Promise<Selection> {
  const sources = [{ kind: 'path' as const, path: source }];
  return copySources(await filesOf(from), { sources, exclude: [], parents: false });
}

/** What the result of a step depends on: a cache's content and a secret's value are none of it. */
export function mountKey({ mount, target, selection }: FoundMount): unknown {
  const { type } = mount;
  if (type === 'bind') return [type, target, selection?.hash, mount.writable];
  if (type === 'secret') return [type, target, mount.id, mount.env, mount.mode, mount.uid, mount.gid];
  if (type === 'cache') return [type, target, mount.id, mount.readOnly];
  return type === 'ssh' ? [type, target, mount.id] : [type, target, mount.size];
}

/** Makes what the mounts need, gives the flags to `work`, and takes it away afterwards. */
export async function withMounts<T>(
  build: BuildEnvironment,
  found: readonly FoundMount[],
  directory: string,
  work: (flags: MountFlags) => Promise<T>,
): Promise<T> {
  const flags: MountFlags = { mounts: [], secrets: [], env: [], targets: [] };
  const next = async (at: number): Promise<T> => {
    const one = found[at];
    if (!one) return work(flags);
    const { mount, target } = one;
    switch (mount.type) {
      case 'bind': {
        const place = join(directory, `bind-${at}`);
        const source = await materialise(build, one.selection!, place);
        flags.mounts.push(bindFlag(source, target, !mount.writable));
        return next(at + 1);
      }
      case 'cache': {
        const fill = async (place: string): Promise<void> => {
          if (one.selection) await fillFrom(build, one.selection, place);
        };
        return withCacheMount(build, mount, fill, (place) => {
          flags.mounts.push(bindFlag(place, target, mount.readOnly));
          return next(at + 1);
        });
      }
      case 'tmpfs':
        flags.mounts.push(
          [`type=tmpfs`, field('dst', target), ...(mount.size ? [`tmpfs-size=${mount.size}`] : [])].join(','),
        );
        return next(at + 1);
      case 'secret':
        addSecret(build, one, flags);
        return next(at + 1);
      default: {
        const agent = agentOf(build, mount);
        if (agent === undefined) return next(at + 1);
        const forwarded = await forwardAgent(build, agent, mount);
        flags.mounts.push(bindFlag(forwarded.socket, target, false));
        flags.env.push(`SSH_AUTH_SOCK=${target}`);
        try {
          return await next(at + 1);
        } finally {
          forwarded.close();
        }
      }
    }
  };
  return next(0);
}

function addSecret(build: BuildEnvironment, { mount, target }: FoundMount, flags: MountFlags): void {
  if (mount.type !== 'secret') return;
  const asFile = mount.env === undefined || mount.target !== undefined;
  const wanted = [asFile && 'mount', mount.env !== undefined && 'env'] as const;
  for (const kind of wanted) {
    const flag = kind && secretFlag(build, { ...mount, target }, kind);
    if (!flag) continue;
    flags.secrets.push(flag);
    if (kind === 'mount') flags.targets.push(target, '/run/secrets');
  }
}

const field = (key: string, value: string): string => `"${key}=${value.replaceAll('"', '""')}"`;

function bindFlag(source: string, target: string, readOnly: boolean): string {
  return ['type=bind', field('src', source), field('dst', target), ...(readOnly ? ['ro'] : [])].join(',');
}

/** The selection as files of the host, owned as the container's; gives the file or directory that was meant. */
async function materialise(build: BuildEnvironment, selection: Selection, place: string): Promise<string> {
  makeDirectory(place, 0o755);
  await fillFrom(build, selection, place);
  const [source] = selection.sources;
  return source && !source.directory ? join(place, source.name) : place;
}

async function fillFrom(build: BuildEnvironment, selection: Selection, place: string): Promise<void> {
  const target = { place: () => ownersNamespace(build.host), root: place, layers: [place] };
  await applyCopy(selection, target, { destination: '/', workingDirectory: '/' });
}

/** A heredoc that is a program of its own, at /dev/pipes/NAME. */
export function scriptMount(directory: string, name: string, content: string): string {
  const file = join(directory, 'script');
  writeFile(file, content, { mode: 0o755 });
  return bindFlag(file, `/dev/pipes/${name}`, true);
}
