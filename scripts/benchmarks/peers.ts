import { randomBytes } from 'node:crypto';
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

/** Eight layers of 72 MB, half of which compresses well, in the registry as bench/large. */
export async function pushLarge(registry: Registry): Promise<string> {
  const megabyte = (at: number) => {
    const noise = randomBytes(512 * 1024);
    return Buffer.concat([noise, Buffer.alloc(512 * 1024, `line ${at} of a text that repeats itself\n`)]);
  };
  const layers = Array.from({ length: 8 }, (_, layer) => [
    { name: `layer${layer}` },
    ...Array.from({ length: 72 }, (_, file) => ({
      name: `layer${layer}/file${file}`,
      content: megabyte(file),
    })),
  ]);
  await registry.push('bench/large:latest', { layers });
  return `${registry.host}/bench/large:latest`;
}

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
