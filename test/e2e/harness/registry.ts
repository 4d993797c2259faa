/** A registry of one test file: its files are in the sandbox, and it ends with the test file. */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import { pushLayout } from '../registry/make-image.ts';
import {
  type RegistryOptions,
  startRegistry as startIn,
  type TestRegistry,
} from '../registry/start-registry.ts';
import { type ImageSpec, makeLayout } from './images.ts';
import { configure, trust } from './registries-conf.ts';
import { sandbox } from './sandbox.ts';

export interface Registry extends TestRegistry {
  /** Makes an image and puts it into the registry as NAME:TAG; gives the manifest's digest. */
  push(name: string, spec: ImageSpec): Promise<string>;
}

const running = new Set<Registry>();
test.after(async () => {
  for (const registry of running) await registry.stop();
});

export async function startRegistry(options: Omit<RegistryOptions, 'dir'> = {}): Promise<Registry> {
  const dir = mkdtempSync(join(sandbox.work, 'registry-'));
  const started = await startIn({ ...options, dir });
  const registry: Registry = {
    ...started,
    push(name, spec) {
      const layout = mkdtempSync(join(dir, 'layout-'));
      makeLayout(layout, spec);
      return pushLayout(started, layout, { name });
    },
    async stop() {
      running.delete(registry);
      await started.stop();
    },
  };
  running.add(registry);
  return registry;
}

/** Writes the sandbox user's registries.conf: docker.io is reached through this registry, as in `run --rm alpine`. */
export function mirrorDockerHub(registry: TestRegistry): void {
  configure(`unqualified-search-registries = ["docker.io"]

[[registry]]
prefix = "docker.io"

[[registry.mirror]]
location = "${registry.host}"
insecure = ${registry.ca === undefined}
`);
  trust(registry);
}
