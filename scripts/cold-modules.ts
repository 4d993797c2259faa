/**
 * The source text of the program is part of the start-up snapshot, and copied at each start. So the modules that no
 * typical command loads are kept beside it, as assets of the binary: their text, and what V8 made of it when commands
 * that need them ran (nodejs.org/api/vm.html#scriptcreatecacheddata).
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COMPILER, type CompiledModule } from '../cli/compile-modules.ts';
import { replaceAsset } from './sea-blob.ts';

/** As compact-modules.ts leaves a module. */
const MODULE = /^var (\w+) = __commonJS\(function\(([\w, ]*)\) \{\n(.*?)\n {2}\}\);\n/gms;
const DECLARED = /^(?:var|let|const|function) (\w+)/gm;
const WORD = /[A-Za-z_$][\w$]*/g;

/** What V8 compiled of a module is in the asset `code`: an offset and a size for each, then all of it. */
const ENTRY = 8;

/** `__scripts` is for cli/compile-modules.ts. */
const LOADER = `var __asset = (name) => Buffer.from(require("node:sea").getRawAsset(name));
var __scripts = new Map();
var __cold = (number, from, to, path, names) => {
  const text = "(function(" + names + "){" + __asset("modules").latin1Slice(from, to) + "\\n})", code = __asset("code");
  const known = code.length > number * ${ENTRY};
  const at = known ? code.readUInt32LE(number * ${ENTRY}) : 0, size = known ? code.readUInt32LE(number * ${ENTRY} + 4) : 0;
  const cachedData = size ? code.subarray(at, at + size) : void 0;
  const script = new (require("node:vm").Script)(text, { filename: "tsc-pod/" + path, cachedData });
  __scripts.set(number, script);
  return script.runInThisContext();
};
`;

/** The modules of `bundle` that have run when the start-up snapshot is made of it, by the variables they are kept in. */
function loadedModules(bundle: string, node: string): Set<string> {
  const directory = mkdtempSync(join(tmpdir(), 'tsc-pod-modules-'));
  const at = (name: string) => join(directory, name);
  const noted = bundle.replace(MODULE, (whole, name) =>
    whole.replace('{\n', `{\n__loaded.push(${JSON.stringify(name)});\n`),
  );
  const tell = `require("node:v8").startupSnapshot.addSerializeCallback(() => require("node:fs").writeFileSync(${JSON.stringify(at('loaded'))}, JSON.stringify(__loaded)));`;
  try {
    writeFileSync(at('program.cjs'), `var __loaded = [];\n${noted}\n${tell}\n`);
    execFileSync(node, ['--snapshot-blob', at('blob'), '--build-snapshot', at('program.cjs')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    return new Set(JSON.parse(readFileSync(at('loaded'), 'utf8')));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/**
 * Splits a bundle into the program and the text of the modules that it doesn't load at start. `node` is the binary
 * that will run it.
 */
export function splitColdModules(bundle: string, node: string): { program: string; cold: string } {
  const loaded = loadedModules(bundle, node);
  const declared = new Set([...`${LOADER}${bundle}`.matchAll(DECLARED)].map(([, name]) => name!));
  let cold = '';
  let count = 0;
  const program = bundle.replace(MODULE, (whole, name, parameters, body) => {
    if (loaded.has(name)) return whole;
    const used = new Set([...body.matchAll(WORD)].map(([word]) => word));
    const names = [...used].filter((word) => declared.has(word) || word === 'require');
    const all = [...parameters.split(', ').filter(Boolean), ...names].join();
    const place = [count++, cold.length, cold.length + body.length];
    cold += body;
    const path = JSON.stringify(name.replace(/^require_/, ''));
    return `var ${name} = __commonJS(function(${parameters}) {
  __cold(${place.join()}, ${path}, ${JSON.stringify(all)})(${all});
});
`;
  });
  if (count === 0 || loaded.size === 0)
    throw new Error('the bundle has no modules as compact-modules.ts leaves them');
  return { program: LOADER + program, cold };
}

function compile(binary: string): CompiledModule[] {
  const file = `${binary}.code`;
  execFileSync(binary, [COMPILER, file], { stdio: 'inherit' });
  const modules = JSON.parse(readFileSync(file, 'utf8'));
  rmSync(file);
  return modules;
}

/**
 * Gives a packed `binary` the compiled code of its modules. It runs the commands of its warm-up for that: V8 takes only
 * what was compiled under the same options and beside the same snapshot.
 */
export function keepCompiledModules(binary: string): void {
  const modules = compile(binary);
  const sizes = Buffer.alloc((Math.max(...modules.map(({ number }) => number)) + 1) * ENTRY);
  const parts: Buffer[] = [sizes];
  let at = sizes.length;
  for (const { number, code } of modules) {
    const part = Buffer.from(code, 'base64');
    sizes.writeUInt32LE(at, number * ENTRY);
    sizes.writeUInt32LE(part.length, number * ENTRY + 4);
    parts.push(part);
    at += part.length;
  }
  replaceAsset(binary, 'code', Buffer.concat(parts));
  if (compile(binary).some(({ rejected }) => rejected))
    throw new Error('V8 refuses what it has compiled itself');
}
