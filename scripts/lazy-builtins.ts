/**
 * An esbuild plugin, for the packages that we use: the heavy ones of Node's built-in modules are required when something of
 * them is used first, not when the package is loaded. What a start-up snapshot has loaded is paid for by every start, needed or not.
 */
import { createRequire } from 'node:module';
import type { Plugin } from 'esbuild';

/** What our own modules get of these is asked for at each use (lazy-modules.ts). */
export const HEAVY = [
  'child_process',
  'crypto',
  'dgram',
  'fs/promises',
  'http',
  'https',
  'net',
  'tls',
  'tty',
  'zlib',
];

const require = createRequire(import.meta.url);

function lazyModule(name: string): string {
  const keys = Object.keys(require(name)).filter((key) => /^[A-Za-z_$][\w$]*$/.test(key));
  const getters = keys.map((key) => `get ${key}() { return load().${key}; }`);
  // As an ES module nobody copies it: that would use every getter, and one of node:http loads all of undici (90 ms).
  getters.push('get default() { return load(); }', '__esModule: true');
  return `const load = () => process.getBuiltinModule(${JSON.stringify(name)});\nmodule.exports = { ${getters.join(', ')} };`;
}

export const lazyBuiltins: Plugin = {
  name: 'lazy-builtins',
  setup(build) {
    build.onResolve({ filter: new RegExp(`^node:(${HEAVY.join('|')})$`) }, ({ path }) => ({
      path,
      namespace: 'lazy',
    }));
    build.onLoad({ filter: /.*/, namespace: 'lazy' }, ({ path }) => ({
      contents: lazyModule(path),
      loader: 'js',
    }));
  },
};
