import { type ArchiveFile, brokenArchive } from './archive-file.ts';
import type { FileTree } from './file-tree.ts';
import { readRange } from './read-range.ts';
import { findMember, indexTar } from './tar-index.ts';

/** The files of an uncompressed tar archive, read where they lie in it. Takes over the file: closes it when it throws. */
export async function archiveTree(archive: ArchiveFile): Promise<FileTree> {
  const { file, size, description } = archive;
  try {
    const members = indexTar(file.fd, size);
    const named = (path: string): string => Buffer.from(path, 'utf8').toString('latin1');
    return {
      size: (path) => findMember(members, named(path))?.size,
      read: (path, from = 0) => {
        const { offset, size: length } = findMember(members, named(path)) ?? { offset: 0, size: 0 };
        return readRange(file, offset + from, offset + length, description);
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw brokenArchive(error, description);
  }
}
