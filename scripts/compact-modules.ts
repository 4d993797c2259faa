/**
 * esbuild keeps each module that is loaded lazily as a method of an object of its own, named by the module's path: with
 * the maps that V8 makes for them, four objects a module that the start-up snapshot copies at each start. A function
 * does, and is let go once it has run.
 */
const HELPER = /^var __commonJS = \(cb, mod\) => .*\n(?: .*\n)*^};\n/m;
const COMPACT_HELPER = `var __commonJS = (run) => {
  let mod;
  return () => {
    if (run) {
      const first = run;
      run = void 0;
      mod = { exports: {} };
      try {
        first(mod.exports, mod);
      } catch (error) {
        run = first;
        throw error;
      }
    }
    return mod.exports;
  };
};
`;
const MODULE = /^(var \w+ = __commonJS\()\{\n {2}"[^"\n]*"(\([\w, ]*\) \{\n)(.*?\n {2}\})\n\}(\);\n)/gms;

/** A bundle as esbuild formats it, its modules as functions. Throws where it isn't what this version of esbuild makes. */
export function compactModules(bundle: string): string {
  const made = bundle.match(/^var \w+ = __commonJS\(/gm)?.length ?? 0;
  let found = 0;
  const compact = bundle.replace(HELPER, COMPACT_HELPER).replace(MODULE, (_, before, head, body, after) => {
    found++;
    return `${before}function${head}${body}${after}`;
  });
  if (found === 0 || found !== made || !compact.includes(COMPACT_HELPER))
    throw new Error('the bundle has no modules as this version of esbuild makes them');
  return compact;
}
