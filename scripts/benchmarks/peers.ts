import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { busyboxImage } from '../../test/e2e/harness/images.ts';
import { command, pod } from '../../test/e2e/harness/pod.ts';
import { type Registry, startRegistry } from '../../test/e2e/harness/registry.ts';
import { binary, environment, sandbox } from '../../test/e2e/harness/sandbox.ts';

const image = 'bench/busybox:latest';

/** The two programs that are compared, as the words that a command begins with. */
export const tools = { podman: ['podman'], pod: [binary] };

export interface Peers {
  registry: Registry;
  /** What each tool calls the same busybox image. */
  images: Record<keyof typeof tools, string>;
}

/** A fresh podman and a fresh tsc-pod for this user, both with the same image from one registry. */
export async function prepare(): Promise<Peers> {
  const config = join(sandbox.home, '.config/containers');
  mkdirSync(config, { recursive: true });
  const registry = await startRegistry();
  writeFileSync(
    join(config, 'registries.conf'),
    `unqualified-search-registries = ["${registry.host}"]\n[[registry]]\nlocation = "${registry.host}"\ninsecure = true\n`,
  );
  const at = (name: string) => join(sandbox.dir, 'podman', name);
  writeFileSync(
    join(config, 'storage.conf'),
    `[storage]\ndriver = "overlay"\ngraphroot = "${at('root')}"\nrunroot = "${at('run')}"\n`,
  );
  // There is no systemd to ask for a cgroup, and no journal.
  writeFileSync(
    join(config, 'containers.conf'),
    '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\nruntime = "crun"\n',
  );
  writeFileSync(join(config, 'policy.json'), '{"default":[{"type":"insecureAcceptAnything"}]}');
  environment.TMPDIR = sandbox.work;
  await registry.push(image, busyboxImage());
  const name = `${registry.host}/${image}`;
  const images = { podman: name, pod: (await knows('pull')) ? name : 'builtin:busybox' };
  for (const tool of ['podman', 'pod'] as const) {
    if (images[tool] !== name) continue;
    const ran = await command([...tools[tool], 'pull', name], { timeout: 60_000 });
    if (ran.code !== 0) throw new Error(`${tool} pull: ${ran.stderr}`);
  }
  return { registry, images };
}

/** Ends what podman leaves running for the user (its pause process), and the registry. */
export async function finish({ registry }: Peers): Promise<void> {
  await command(['podman', 'system', 'migrate']);
  await registry.stop();
}

/** Eight layers of 72 MB of this machine's own programs and libraries, in the registry as bench/large. */
export async function pushLarge(registry: Registry): Promise<string> {
  const layers = sampleOf('/usr', 8, 72 << 20).map((files) => tarOfFiles(files));
  await registry.push('bench/large:latest', { layers });
  return `${registry.host}/bench/large:latest`;
}

/** So many samples, each of so many bytes, of the files below a directory; by a hash of their paths, so that each has its share of all kinds. */
function sampleOf(directory: string, count: number, bytes: number): string[][] {
  const regular = ['-type', 'f', '-size', '-32M', '-printf', '%s %p\\0'];
  const listed = output('find', [
    directory,
    '-xdev',
    '!',
    '-readable',
    '-prune',
    '-o',
    ...regular,
  ]).toString();
  const files = listed.split('\0').flatMap((line) => {
    const [, size, path] = /^(\d+) (.*)$/s.exec(line) ?? [];
    return path === undefined ? [] : [{ path, size: Number(size), rank: sha256(path) }];
  });
  files.sort((one, other) => (one.rank < other.rank ? -1 : 1));
  return Array.from({ length: count }, () => {
    const taken: string[] = [];
    for (let left = bytes; left > 0; left -= files.pop()!.size) {
      const file = files.at(-1);
      if (!file) throw new Error(`${directory} has no ${(count * bytes) >> 20} MB`);
      taken.push(file.path);
    }
    return taken;
  });
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const tarOfFiles = (paths: string[]): Buffer =>
  output(
    'tar',
    ['-P', '--owner=0', '--group=0', '--numeric-owner', '--transform=s,^/,,', '-c', '--null', '-T', '-'],
    paths.join('\0'),
  );

const output = (program: string, words: string[], input?: string): Buffer =>
  execFileSync(program, words, { maxBuffer: 1 << 30, input });

/** Whether tsc-pod has the command already. */
export async function knows(name: string): Promise<boolean> {
  return (await command([binary, name, '--help'])).code === 0;
}

/** Removes all containers of both tools. */
export async function clear(): Promise<void> {
  await command(['podman', 'rm', '-f', '-a', '-t', '0'], { timeout: 120_000 });
  const { stdout } = await pod(['ps', '-aq', '--no-trunc']);
  const ids = stdout.split('\n').filter((id) => id !== '');
  if (ids.length > 0) await pod(['rm', '-f', ...ids], { timeout: 120_000 });
}
