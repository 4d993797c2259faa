import { type EmbeddedLauncher, installLauncher } from '../rootless/launcher.ts';
import { PodError } from './error.ts';

let embedded: EmbeddedLauncher | undefined;
let directory: string | undefined;

/** Tells, once at the start of the program, what launcher it carries. */
export function provideLauncher(launcher: EmbeddedLauncher): void {
  embedded = launcher;
}

/** Tells where launchers are unpacked. Undefined: nowhere. */
export function keepLaunchersIn(libexec: string | undefined): void {
  directory = libexec;
}

/** The launcher's path, unpacked on first use. */
export function launcherPath(): string {
  if (!embedded || !directory)
    throw new PodError({ code: 'launch', message: 'this program carries no launcher' });
  return installLauncher(directory, embedded);
}
