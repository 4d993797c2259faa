/**
 * An esbuild plugin: each of our modules stays a function of its own, which runs when the module is imported first.
 * Bundled as they are, ES modules become one scope, where every function of every module is made when the program
 * starts: in the start-up snapshot all of them are copied at each start, those of the other commands too. And what a
 * module imports is imported where it is used, so that a command loads what it comes across, not all that it might need.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Plugin } from 'esbuild';
import { transform } from 'sucrase';
import { HEAVY } from './lazy-builtins.ts';

/** A namespace of esbuild's: there package.json, which says that ours are ES modules, doesn't count. */
const namespace = 'module';

/**
 * V8 makes a map for each property that is added to an object, a chain that stays, except in a dictionary, which an
 * object without a prototype is.
 */
const EXPORTS = 'exports = module.exports = Object.create(null);';

/** Packages that are ES modules: their functions, too, would be made when the program starts. */
const PACKAGES = /^chalk$|\/node_modules\/chalk\//;

/** An import as sucrase writes it, in a name that nothing else in the file has. */
const IMPORT = /^(.*?)var (_\w+) = require\(('[^']*')\);/gm;

/** `path` in quotes. Of Node's own modules those that all commands need are imported at once. */
function importedFrom(path: string): string | undefined {
  if (HEAVY.some((name) => path === `'node:${name}'`)) return `process.getBuiltinModule(${path})`;
  return path.startsWith("'node:") ? undefined : `require(${path})`;
}

/** An import of which more is used than its members stays as it is; so do those of the entry, which all commands need. */
function requireWhereUsed(code: string): string {
  const imports = [...code.matchAll(IMPORT)];
  if (imports.length !== (code.match(/ = require\(/g)?.length ?? 0))
    throw new Error('sucrase writes imports otherwise than IMPORT says: all would be loaded at start');
  for (const [, , name, path] of imports) {
    const from = importedFrom(path!);
    if (!from) continue;
    const uses = new RegExp(`(?<![\\w$])(?<!(?<!\\.\\.)\\.)${name}\\b(?! = require)`, 'g');
    const members = new RegExp(`${uses.source}\\.`, 'g');
    if (code.match(uses)?.length !== code.match(members)?.length) continue;
    code = code.replace(`var ${name} = require(${path});`, '').replace(members, `${from}.`);
  }
  return code;
}

/** How sucrase calls what is imported, so that it gets no `this`: nothing that is imported asks for one. */
const IMPORTED_CALL = /\.call\(void 0, /g;

function toCommonJs(path: string): string {
  const { code } = transform(readFileSync(path, 'utf8'), {
    filePath: path,
    transforms: ['typescript', 'imports'],
    disableESTransforms: true,
  });
  return code.replace(IMPORTED_CALL, '(');
}

export const lazyModules: Plugin = {
  name: 'lazy-modules',
  setup(build) {
    build.onResolve({ filter: /\.ts$/ }, ({ path, resolveDir, kind }) => ({
      path: join(resolveDir, path),
      namespace,
      pluginData: { entry: kind === 'entry-point' },
    }));
    build.onResolve({ filter: /./, namespace }, async ({ path, importer, resolveDir, kind }) => {
      if (![path, importer].some((name) => PACKAGES.test(name))) return undefined;
      const found = await build.resolve(path, { importer, resolveDir, kind, namespace: 'file' });
      return found.external || found.errors.length > 0
        ? found
        : { path: found.path, namespace, pluginData: { entry: false } };
    });
    build.onLoad({ filter: /.*/, namespace }, ({ path, pluginData: { entry } }) => ({
      contents: entry ? toCommonJs(path) : EXPORTS + requireWhereUsed(toCommonJs(path)),
      loader: 'js',
      resolveDir: dirname(path),
    }));
  },
};
