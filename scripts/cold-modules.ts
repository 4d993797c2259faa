/**
 * The source text of the program is part of the start-up snapshot, and copied at each start. So the modules that no
 * typical command loads are kept beside it, as an asset of the binary, and compiled when one is loaded.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** As compact-modules.ts leaves a module. */
const MODULE = /^var (\w+) = __commonJS\(function\(([\w, ]*)\) \{\n(.*?)\n {2}\}\);\n/gms;
const DECLARED = /^(?:var|let|const|function) (\w+)/gm;
const WORD = /[A-Za-z_$][\w$]*/g;

export const COLD_ASSET = 'modules';
const LOADER = `var __cold = (from, to, path, ...names) => {
  const text = Buffer.from(require("node:sea").getRawAsset("${COLD_ASSET}"), from, to - from).latin1Slice();
  return new Function(...names, text + "\\n//# sourceURL=tsc-pod/" + path);
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
  const declared = new Set([...bundle.matchAll(DECLARED)].map(([, name]) => name!));
  let cold = '';
  let count = 0;
  const program = bundle.replace(MODULE, (whole, name, parameters, body) => {
    if (loaded.has(name)) return whole;
    count++;
    const used = new Set([...body.matchAll(WORD)].map(([word]) => word));
    const names = [...used].filter((word) => declared.has(word) || word === 'require');
    const own = parameters.split(', ').filter(Boolean);
    const from = cold.length;
    cold += body;
    const path = name.replace(/^require_/, '');
    const words = [...own, ...names].map((word) => JSON.stringify(word));
    return `var ${name} = __commonJS(function(${parameters}) {
  __cold(${[from, cold.length, JSON.stringify(path), ...words].join(', ')})(${[...own, ...names].join(', ')});
});
`;
  });
  if (count === 0 || loaded.size === 0)
    throw new Error('the bundle has no modules as compact-modules.ts leaves them');
  return { program: LOADER + program, cold };
}
