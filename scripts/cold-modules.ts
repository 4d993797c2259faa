/**
 * The source text of the program is part of the start-up snapshot, and copied at each start. So the text of the modules
 * that no typical command loads is kept beside it, in an asset of the binary; compiled-code.ts is about what V8 makes of it.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CODE_ENTRY } from './compiled-code.ts';

/** As compact-modules.ts leaves a module. */
const MODULE = /^var (\w+) = __commonJS\(function\(([\w, ]*)\) \{\n(.*?)\n {2}\}\);\n/gms;
const DECLARED = /^(?:var|let|const|function) (\w+)/gm;
const WORD = /[A-Za-z_$][\w$]*/g;

/**
 * `__scripts` is for cli/compile-modules.ts. Each asset is asked for once: to V8 every answer is that much memory more,
 * and a reason to collect garbage.
 */
const LOADER = `var __assets = new Map();
var __asset = (name) => {
  if (!__assets.has(name)) __assets.set(name, Buffer.from(require("node:sea").getRawAsset(name)));
  return __assets.get(name);
};
var __scripts = new Map();
var __cold = (number, from, to, path, names) => {
  const text = "(function(" + names + "){" + __asset("modules").latin1Slice(from, to) + "\\n})", code = __asset("code");
  const known = code.length > number * ${CODE_ENTRY};
  const at = known ? code.readUInt32LE(number * ${CODE_ENTRY}) : 0, size = known ? code.readUInt32LE(number * ${CODE_ENTRY} + 4) : 0;
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
