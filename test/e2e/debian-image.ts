import { readFileSync } from 'node:fs';
import { debianTar } from './debian-tar.ts';
import { mirrorDockerHub, pod, startRegistry } from './harness/index.ts';

/** Pulls the Debian of debian-tar.ts as debian:bookworm, from a registry that stands for docker.io. */
export async function pullDebian(): Promise<void> {
  const Env = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'];
  const registry = await startRegistry({ tls: true });
  try {
    const layers = [readFileSync(debianTar())];
    await registry.push('library/debian:bookworm', {
      layers,
      compression: 'zstd',
      config: { Env, Cmd: ['bash'] },
    });
    mirrorDockerHub(registry);
    const pulled = await pod(['pull', '-q', 'debian:bookworm'], { timeout: 300_000 });
    if (pulled.code !== 0) throw new Error(pulled.stderr);
  } finally {
    await registry.stop();
  }
}
