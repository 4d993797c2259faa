import { type EmbeddedLauncher, installLauncher } from '../rootless/launcher.ts';
import { PodError } from './error.ts';

let embedded: EmbeddedLauncher | undefined;
let directory: (() => string) | undefined;
let installed: string | undefined;

/** Tells, once at the start of the program, what launcher it carries and where it is unpacked. */
export function provideLauncher(launcher: EmbeddedLauncher, libexec: () => string): void {
  embedded = launcher;
  directory = libexec;
  installed = undefined;
}

/** The launcher's path, unpacked on first use. */
export function launcherPath(): string {
  if (!embedded || !directory)
    throw new PodError({ code: 'launch', message: 'this program carries no launcher' });
  installed ??= installLauncher(directory(), embedded);
  return installed;
}
