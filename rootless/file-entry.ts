import type { Time } from './file-ops.ts';

export type FileType = 'file' | 'directory' | 'symlink' | 'hardlink' | 'char' | 'block' | 'fifo';

/** One name in a tree or in an archive, and what stands there. Strings are byte strings: one character a byte (latin1). */
export interface FileEntry {
  path: string;
  type: FileType;
  /** Target of a symbolic link, path of a hard link's other name in the same tree or archive, else ''. */
  linkTarget: string;
  /** Length of a file in bytes, holes included; 0 for everything else. */
  size: number;
  /** Permission bits, 07777. */
  mode: number;
  uid: number;
  gid: number;
  mtime: Time;
  /** Of a device. */
  major: number;
  minor: number;
  xattrs: ReadonlyMap<string, Uint8Array>;
}
