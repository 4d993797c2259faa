import type { Script } from 'node:vm';
import type { CommandTable } from './command-table.ts';
import { warmUp } from './warm-up.ts';

/** The program's first argument when the build asks what V8 compiles of the modules outside of the snapshot; then a file. */
export const COMPILER = '__compile';

/** scripts/module-table.ts puts it into the bundle. */
declare const __scripts: Map<number, Script>;

export interface Compiled {
  modules: CompiledModule[];
  /** Those of Node's own modules that were loaded for it, as Node names them. */
  builtins: string[];
}

export interface CompiledModule {
  number: number;
  /** V8's compiled code, in base64. */
  code: string;
  /** V8 didn't take the code that the binary has for it. */
  rejected: boolean;
}

/** Runs the commands that need those modules. */
export async function compileModules(newTable: () => CommandTable): Promise<Compiled> {
  const before = new Set(loadedBuiltins());
  await warmUp(newTable, 'all');
  const modules = [...__scripts].map(([number, script]) => ({
    number,
    code: script.createCachedData().toString('base64'),
    rejected: script.cachedDataRejected === true,
  }));
  return { modules, builtins: loadedBuiltins().filter((name) => !before.has(name)) };
}

/** process.moduleLoadList, which is nowhere documented: "NativeModule net", "Internal Binding tcp_wrap". */
function loadedBuiltins(): string[] {
  const { moduleLoadList } = process as unknown as { moduleLoadList: string[] };
  return moduleLoadList.flatMap((entry) => /^NativeModule (.*)/.exec(entry)?.[1] ?? []);
}
