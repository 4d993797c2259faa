import { keepLaunchersIn } from '../core/launcher.ts';
import { findPaths, type Paths } from '../core/paths.ts';
import type { PodCommand } from './command.ts';

/** Where state is, and with it the launcher that may be asked for from here on. */
export function pathsAt(environment: NodeJS.ProcessEnv, root?: string): Paths {
  const paths = findPaths(environment, root);
  keepLaunchersIn(paths.libexec);
  return paths;
}

/** Where this command's state is, by --root and the environment. */
export const pathsOf = (command: PodCommand): Paths => pathsAt(command.context.env, command.root);
