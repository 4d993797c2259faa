/**
 * What a start-up snapshot holds is copied at each start, object by object. esbuild keeps each module as a function in a
 * closure of its own, and as a method of an object of its own: some ten objects a module, loaded or not. Here modules have
 * numbers. Of those that typical commands load the table has functions, which are let go once they have run. The text of all
 * others is kept beside the program, in an asset of the binary; compiled-code.ts is about what V8 makes of it.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Of a table of parts: where one begins and ends. */
const ENTRY = 8;

/** As esbuild writes a module: its variable, its parameters, its body. */
const MODULE = /^var (\w+) = __commonJS\(\{\n {2}"[^"\n]*"\(([\w, ]*)\) \{\n(.*?)\n {2}\}\n\}\);\n/gms;
const HELPER = /^var __commonJS = \(cb, mod\) => .*\n(?: .*\n)*^};\n/m;
const CALL = /\b(require_\w+)\(\)/g;
const DECLARED = /^(?:var|let|const|function) (\w+)/gm;
const WORD = /[A-Za-z_$][\w$]*/g;

/**
 * `__scripts` is for cli/compile-modules.ts. Each asset is asked for once: to V8 every answer is that much memory more,
 * and a reason to collect garbage.
 */
const loader = (warm: number, helpers: readonly string[]) => `var __assets = new Map();
var __asset = (name) => {
  if (!__assets.has(name)) __assets.set(name, Buffer.from(require("node:sea").getRawAsset(name)));
  return __assets.get(name);
};
var __entry = (table, number) => {
  const at = number * ${ENTRY};
  return at < table.length ? table.subarray(table.readUInt32LE(at), table.readUInt32LE(at + 4)) : table.subarray(0, 0);
};
var __scripts = new Map();
var __cold = (number) => {
  const text = __entry(__asset("modules"), number).latin1Slice(), code = __entry(__asset("code"), number);
  const script = new (require("node:vm").Script)(text, {
    filename: "tsc-pod/" + text.slice(2, text.indexOf("*", 2)),
    cachedData: code.length ? code : void 0
  });
  __scripts.set(number, script);
  return script.runInThisContext();
};
var __functions = [];
var __running = new Map();
var __exports = [];
var __module = (number) => __exports[number] ?? __running.get(number)?.exports ?? __load(number);
var __load = (number) => {
  const module = { exports: {} };
  __running.set(number, module);
  try {
    const run = number < ${warm} ? __functions[number] : __cold(number - ${warm});
    run(module.exports, module, ${['require', '__module', ...helpers].join(', ')});
  } finally {
    __running.delete(number);
  }
  __functions[number] = void 0;
  return __exports[number] = module.exports;
};
`;

/** The modules of `bundle` that have run when the start-up snapshot is made of it, by the variables they are kept in. */
function loadedModules(bundle: string, node: string): Set<string> {
  const directory = mkdtempSync(join(tmpdir(), 'tsc-pod-modules-'));
  const at = (name: string) => join(directory, name);
  const noted = bundle.replace(MODULE, (whole, name) =>
    whole.replace(') {\n', `) {\n__loaded.push(${JSON.stringify(name)});\n`),
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

/** Where each part begins and ends, two numbers of 32 bits each, then the parts. */
export function table(parts: readonly Buffer[]): Buffer {
  const entries = Buffer.alloc(parts.length * ENTRY);
  let at = entries.length;
  for (const [number, part] of parts.entries()) {
    entries.writeUInt32LE(at, number * ENTRY);
    at += part.length;
    entries.writeUInt32LE(at, number * ENTRY + 4);
  }
  return Buffer.concat([entries, ...parts]);
}

/**
 * Splits a bundle as esbuild formats it into the program and a table of the texts of the modules that it doesn't load at
 * start. `node` is the binary that will run it. Throws where the bundle isn't what MODULE, HELPER and CALL know of esbuild.
 */
export function splitModules(bundle: string, node: string): { program: string; cold: Buffer } {
  const modules = [...bundle.matchAll(MODULE)].map(([, name, parameters, body]) => ({
    name: name!,
    parameters: parameters!.split(', ').filter(Boolean),
    body: body!,
  }));
  const made = bundle.match(/^var [\w$]+ = __commonJS\(/gm)?.length ?? 0;
  if (made !== modules.length || !HELPER.test(bundle))
    throw new Error(
      `esbuild writes modules otherwise than MODULE and HELPER say: ${modules.length} of ${made} match`,
    );
  const loaded = loadedModules(bundle, node);
  const warm = modules.filter(({ name }) => loaded.has(name));
  const cold = modules.filter(({ name }) => !loaded.has(name));
  const number = new Map([...warm, ...cold].map(({ name }, at) => [name, at]));
  const numbered = (text: string) =>
    text.replace(CALL, (call, name) => (number.has(name) ? `__module(${number.get(name)})` : call));
  let program = numbered(
    bundle.replace(HELPER, '').replace(MODULE, (_, name, parameters, body) => {
      return loaded.has(name) ? `__functions.push(function(${parameters}) {\n${body}\n});\n` : '';
    }),
  );
  if (warm.length === 0 || cold.length === 0 || program.includes('__commonJS'))
    throw new Error(
      `of the modules ${warm.length} run at start, ${cold.length} don't, or __commonJS is used otherwise`,
    );
  const beforeEntry = bundle.slice(0, bundle.lastIndexOf(' = __commonJS('));
  const declared = new Set([...beforeEntry.matchAll(DECLARED)].map(([, name]) => name!));
  const bodies = cold.map(({ body }) => numbered(body));
  const words = new Set(bodies.flatMap((body) => body.match(WORD) ?? []));
  const helpers = [...declared].filter((name) => words.has(name));
  const left = [...helpers, ...(program.match(WORD) ?? [])].find((word) => number.has(word));
  if (left) throw new Error(`${left} is used otherwise than by a call`);
  program = loader(warm.length, helpers) + program;
  const texts = cold.map(({ name, parameters }, at) => {
    const own = ['exports', 'module'].map((usual, at) => parameters[at] ?? `_${usual}`);
    const all = [...own, 'require', '__module', ...helpers];
    const path = name.replace(/^require_/, '');
    return Buffer.from(`/*${path}*/(function(${all}) {\n${bodies[at]}\n})`, 'latin1');
  });
  return { program, cold: table(texts) };
}
