import { isMissing } from './each.ts';

/** The exit status of the commands `exists`: 0, or 1 where `find` says that there is none. */
export async function existsStatus(find: () => unknown): Promise<number> {
  try {
    await find();
    return 0;
  } catch (error) {
    if (isMissing(error)) return 1;
    throw error;
  }
}
