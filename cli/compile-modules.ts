import type { Script } from 'node:vm';
import type { CommandTable } from './command-table.ts';
import { warmUp } from './warm-up.ts';

/** The program's first argument when the build asks what V8 compiles of the modules outside of the snapshot; then a file. */
export const COMPILER = '__compile';

/** scripts/cold-modules.ts puts it into the bundle. */
declare const __scripts: Map<number, Script>;

export interface CompiledModule {
  number: number;
  /** V8's compiled code, in base64. */
  code: string;
  /** V8 didn't take the code that the binary has for it. */
  rejected: boolean;
}

/** Runs the commands that need those modules. */
export async function compileModules(table: CommandTable): Promise<CompiledModule[]> {
  await warmUp(table, 'all');
  return [...__scripts].map(([number, script]) => ({
    number,
    code: script.createCachedData().toString('base64'),
    rejected: script.cachedDataRejected === true,
  }));
}
