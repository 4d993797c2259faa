/** Entries as a tar archive: what a walk of a tree (rootless/file-stream.ts) or another archive gives, written out. */

import type { FileStreamSink } from '../../rootless/file-stream.ts';
import type { SparsePiece } from './sparse.ts';
import type { TarEntry } from './tar-entry.ts';
import type { TarSink } from './tar-parser.ts';
import { storedSize, tarEnd, tarHeader, tarPadding } from './tar-writer.ts';

export interface TarOutput extends TarSink, FileStreamSink {
  entry(entry: TarEntry & { pieces?: readonly SparsePiece[] }): void;
  whiteout(path: string): void;
  /** After the last entry: what ends the archive. */
  finish(): void;
}

const ZEROS = Buffer.alloc(64 << 10);
const NOBODY = { mode: 0, mtime: { seconds: 0, nanoseconds: 0 } };

/** `emit` gets the archive's bytes in order; slices of what the sink was given among them. */
export function tarSink(emit: (bytes: Uint8Array) => void): TarOutput {
  let padding: Uint8Array = Buffer.alloc(0);
  let sparse = false;
  const close = (): void => {
    if (padding.length > 0) emit(padding);
    padding = Buffer.alloc(0);
  };
  const mark = (path: string, name: string): void => {
    close();
    emit(tarHeader({ ...NOBODY, path: path === '' ? name : `${path}/${name}`, type: 'file' }));
  };
  return {
    entry: (entry) => {
      close();
      emit(tarHeader(entry.path === '' ? { ...entry, path: './' } : entry));
      sparse = entry.pieces !== undefined;
      padding = tarPadding(entry.type === 'file' ? storedSize(entry) : 0);
    },
    data: emit,
    hole: (length) => {
      if (sparse) return;
      for (let left = length; left > 0; left -= ZEROS.length)
        emit(left < ZEROS.length ? ZEROS.subarray(0, left) : ZEROS);
    },
    whiteout: (path) => {
      const slash = path.lastIndexOf('/');
      mark(path.slice(0, Math.max(slash, 0)), `.wh.${path.slice(slash + 1)}`);
    },
    finish: () => {
      close();
      emit(tarEnd());
    },
  };
}
