import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { encodePlan } from '../../rootless/plan.ts';
import type { Paths } from '../paths.ts';
import { writeFile } from '../write-file.ts';
import type { Launch } from './launch-plan.ts';
import { identify } from './process-identity.ts';

/**
 * Writes the plan of a start and gives the file, which the launcher removes or makes RUNTIME/plan. Until it has the
 * container's lock the runtime directory may be another start's, or that of a monitor that is about to end.
 */
export function writePlan(paths: Paths, id: string, launch: Launch): string {
  const { pid, start } = identify(process.pid);
  mkdirSync(paths.runtime, { recursive: true, mode: 0o700 });
  const file = join(paths.runtime, `${id.slice(0, 16)}.${pid}.${start}`);
  writeFile(file, encodePlan('run', launch.operations), { mode: 0o600 });
  return file;
}
