import { readFileSync, rmSync } from 'node:fs';
import { callReason, errnoOf, PodError } from '../../error.ts';
import { writeFile } from '../../write-file.ts';

/** A file of `--cidfile` or `--pod-id-file`: reserved before the work begins, so that no two containers can have one file. */
export interface IdFile {
  write: (id: string) => void;
  /** Nothing came of it. */
  release: () => void;
}

/** Makes the file, empty. Throws PodError `conflict` where there is one already, as docker and podman do. */
export function reserveIdFile(path: string): IdFile {
  try {
    writeFile(path, '', { flag: 'wx' });
  } catch (cause) {
    const exists = errnoOf(cause) === 'EEXIST';
    throw new PodError({
      code: exists ? 'conflict' : 'io',
      message: `cannot write the container's id to ${path}`,
      why: exists ? 'the file exists: another container may run with it' : callReason(cause),
      ...(exists && { hint: `rm ${path}   # or choose another file` }),
      cause,
    });
  }
  return {
    write: (id) => writeFile(path, id),
    release: () => rmSync(path, { force: true }),
  };
}

/** The id that a file of `--cidfile` holds. Throws PodError `usage` where it can't be read. */
export function readIdFile(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (cause) {
    throw new PodError({
      code: 'usage',
      message: `cannot read the id in ${path}`,
      why: callReason(cause),
      cause,
    });
  }
}
