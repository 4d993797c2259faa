import { Exec } from './commands/exec.ts';
import { Run } from './commands/run.ts';
import type { AnyCommandClass } from './declarations.ts';

/** Every command there is. */
export const commands: AnyCommandClass[] = [Exec, Run];
