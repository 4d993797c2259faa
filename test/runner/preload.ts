/** Loaded before a test file (`node --import`): `import 'uvu'` then gets runner/uvu.ts, which gets the real one. */
import { registerHooks } from 'node:module';

const standIn = new URL('./uvu.ts', import.meta.url).href;

registerHooks({
  resolve(specifier, context, next) {
    if (specifier === 'uvu' && context.parentURL !== standIn) return { url: standIn, shortCircuit: true };
    return next(specifier, context);
  },
});
