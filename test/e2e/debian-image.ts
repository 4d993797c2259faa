import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { debianTar } from './debian-tar.ts';
import { pod, sandbox } from './harness/index.ts';
import { configure, trust } from './pull-lab.ts';
import { pushLayout, writeLayout } from './registry/make-image.ts';
import { startRegistry } from './registry/start-registry.ts';

/** Pulls the Debian of debian-tar.ts as debian:bookworm, from a registry that stands for docker.io. */
export async function pullDebian(): Promise<void> {
  const layout = join(sandbox.work, 'layout');
  const Env = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'];
  const layers = [{ tar: readFileSync(debianTar()), compression: 'zstd' as const }];
  writeLayout(layout, [{ layers, config: { Env, Cmd: ['bash'] } }]);
  const dir = join(sandbox.work, 'registry');
  mkdirSync(dir);
  const registry = await startRegistry({ dir, tls: true });
  try {
    await pushLayout(registry, layout, { name: 'library/debian:bookworm' });
    trust(registry);
    configure(`[[registry]]\nprefix = "docker.io"\n[[registry.mirror]]\nlocation = "${registry.host}"\n`);
    const pulled = await pod(['pull', '-q', 'debian:bookworm'], { timeout: 300_000 });
    if (pulled.code !== 0) throw new Error(pulled.stderr);
  } finally {
    await registry.stop();
  }
}
