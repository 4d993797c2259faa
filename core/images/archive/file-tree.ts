/** Files that are read by name, whether they lie in a directory or in an archive. */

import { PodError } from '../../error.ts';
import { printable } from '../../reference.ts';

export interface FileTree {
  /** Bytes of a regular file; undefined where there is none of that name. Names are relative, with no ".." in them. */
  size(path: string): number | undefined;
  /** The file's bytes from `from` to its end. Throws PodError where there are fewer than size() told. */
  read(path: string, from?: number): AsyncIterable<Buffer>;
  close(): Promise<void>;
}

/** A small file as a whole. `where` is for messages. Throws PodError `invalid` when it isn't there or is too large. */
export async function readSmallFile(
  tree: FileTree,
  path: string,
  limit: number,
  where: string,
): Promise<Buffer> {
  const size = tree.size(path);
  const fail = (why: string): PodError =>
    new PodError({ code: 'invalid', message: `cannot read ${printable(path)} of ${where}`, why });
  if (size === undefined) throw fail('it is not there');
  if (size > limit) throw fail(`it is larger than ${limit >> 20} MiB`);
  const chunks: Buffer[] = [];
  for await (const chunk of tree.read(path)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
