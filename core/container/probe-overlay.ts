import { mkdirSync } from 'node:fs';
import { mapPlan } from '../../rootless/id-map.ts';
import { runLauncher } from '../../rootless/launcher.ts';
import { PodError } from '../error.ts';
import { launcherPath } from '../launcher.ts';
import type { Paths } from '../paths.ts';
import type { HostFacts } from './facts.ts';

/** Tries the kernel's overlay on the data root for a moment; undefined when it works, else why not. */
export async function probeOverlay(paths: Paths, host: HostFacts): Promise<string | undefined> {
  mkdirSync(paths.data, { recursive: true, mode: 0o700 });
  const spaces = [
    ['namespace', 'user'],
    ['namespace', 'mount'],
  ];
  try {
    runLauncher(launcherPath(), 'enter', [
      ...mapPlan(host.defaultMaps),
      ...spaces,
      ['probe-overlay', paths.data],
    ]);
    return undefined;
  } catch (error) {
    if (error instanceof PodError) return error.why ?? error.message;
    throw error;
  }
}
