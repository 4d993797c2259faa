import { readdirSync } from 'node:fs';
import { errnoOf } from './error.ts';

/** What a directory holds, in no order; none where there is no such directory. Throws what else readdir(3) fails by. */
export function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return [];
    throw error;
  }
}
