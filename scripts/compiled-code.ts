/**
 * Puts what V8 compiles when commands run that need more than the start-up snapshot into a packed binary: the code of our
 * modules outside of it (nodejs.org/api/vm.html#scriptcreatecacheddata), and of those of Node's own that they load.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { COMPILER, type Compiled } from '../cli/compile-modules.ts';
import { table } from './module-table.ts';
import { replaceAsset } from './sea-blob.ts';
import { slimSnapshot } from './slim-snapshot.ts';

/** src/snapshot/code-serializer.h of V8, SerializedCodeData: magic number, version, source, and here the hash of all options. */
const FLAG_HASH = 12;

/** Runs the binary's second warm-up. `refused` are those of Node's own modules whose code in the binary V8 didn't take. */
function compile(binary: string): Compiled & { refused: string[] } {
  const file = `${binary}.code`;
  const { status, signal, stderr } = spawnSync(binary, [COMPILER, file], {
    env: { ...process.env, NODE_DEBUG_NATIVE: 'CODE_CACHE' },
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (status !== 0) throw new Error(`${binary} ${COMPILER} ended with ${status ?? signal}`);
  const compiled: Compiled = JSON.parse(readFileSync(file, 'utf8'));
  rmSync(file);
  const refused = [...stderr.matchAll(/^Code cache of (\S+) .*is rejected$/gm)].map(([, name]) => name!);
  return { ...compiled, refused };
}

/** The code of each module, nothing where it isn't known. */
function codeAsset(modules: Compiled['modules']): Buffer {
  const parts: Buffer[] = [];
  for (const { number, code } of modules) parts[number] = Buffer.from(code, 'base64');
  return table(Array.from(parts, (part) => part ?? Buffer.alloc(0)));
}

/**
 * Keeps in the packed `binary` the compiled code of the modules that its warm-up loads, and none besides. V8 takes only what was
 * compiled under the same options; none of ours changes what it compiles, so Node's own code is said to be of them.
 */
export function keepCompiledCode(binary: string): void {
  const { modules, builtins } = compile(binary);
  const flagHash = Buffer.from(modules[0]!.code, 'base64').subarray(FLAG_HASH, FLAG_HASH + 4);
  slimSnapshot(binary, (name, code) => builtins.includes(name) && flagHash.copy(code, FLAG_HASH) > 0);
  replaceAsset(binary, 'code', codeAsset(modules));
  const again = compile(binary);
  if (again.refused.length > 0 || again.modules.some(({ rejected }) => rejected))
    throw new Error(`V8 refuses what it has compiled itself ${again.refused.join()}`);
}
