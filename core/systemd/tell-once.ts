import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../error.ts';
import type { Paths } from '../paths.ts';

/** Says something the first time that it is to be said in this store: data/told/<what> is made by who says it. */
export function tellOnce(
  paths: Pick<Paths, 'data'>,
  what: string,
  text: string,
  notice: (line: string) => void,
): void {
  const directory = join(paths.data, 'told');
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    writeFileSync(join(directory, what), '', { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return;
    // A store that can't be written to has other troubles: it is said all the same.
  }
  notice(text);
}
