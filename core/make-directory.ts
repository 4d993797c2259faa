import { chmodSync, mkdirSync } from 'node:fs';
import { naming } from './error.ts';

/** mkdir with exactly this mode, whatever the caller's umask: for what a container sees of it. Errors name the path. */
export function makeDirectory(path: string, mode: number): void {
  naming(path, () => {
    mkdirSync(path, { mode });
    chmodSync(path, mode);
  });
}
