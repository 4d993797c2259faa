import { keepLaunchersIn } from '../core/launcher.ts';
import { findPaths, type Paths } from '../core/paths.ts';
import type { PodCommand } from './command.ts';

/** Where this command's state is, by --root and the environment. */
export function pathsOf(command: PodCommand): Paths {
  const paths = findPaths(command.context.env, command.root);
  keepLaunchersIn(paths.libexec);
  return paths;
}
