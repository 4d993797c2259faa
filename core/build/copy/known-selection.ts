/**
 * What COPY --from takes of layers, remembered from one build to the next: layers never change, so a step that comes from
 * the cache needs neither their mount nor a walk over their files.
 */

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeWhole } from '../../aside.ts';
import type { BuildContext } from '../context/build-context.ts';
import { type CopyWish, copySources } from './copy-sources.ts';
import type { Selection } from './selection.ts';

export interface KnownSelection extends Pick<Selection, 'hash' | 'several'> {
  /** Its files; found now, unless they had to be already. */
  find(): Promise<Selection>;
}

/** Changes where a selection's hash has more in it than before. */
const GENERATION = 3;

/** `directory`: where memories are; one that can't be read or written is none. */
export async function knownSelection(
  directory: string | undefined,
  context: BuildContext,
  wish: CopyWish,
): Promise<KnownSelection> {
  const { identity } = context;
  const find = () => copySources(context, wish);
  if (identity === undefined || directory === undefined) return foundSelection(await find());
  const { sources, exclude, parents } = wish;
  const key = JSON.stringify([GENERATION, identity, sources, exclude, parents]);
  const file = join(directory, `selection-${createHash('sha256').update(key).digest('hex')}`);
  const known = read(file);
  if (known) return { ...known, find };
  const selection = await find();
  const { hash, several } = selection;
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    await writeWhole(file, async (emit) => emit(Buffer.from(JSON.stringify({ hash, several }))));
  } catch {
    // It is found anew the next time.
  }
  return foundSelection(selection);
}

export const foundSelection = (selection: Selection): KnownSelection => ({
  hash: selection.hash,
  several: selection.several,
  find: async () => selection,
});

function read(file: string): Pick<Selection, 'hash' | 'several'> | undefined {
  try {
    const { hash, several } = JSON.parse(readFileSync(file, 'utf8'));
    return /^[0-9a-f]{64}$/.test(hash) && typeof several === 'boolean' ? { hash, several } : undefined;
  } catch {
    return undefined;
  }
}
