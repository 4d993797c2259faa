/** Archives with every liberty: headers field by field, and a reading of them that tests can compare. */

import type { TarEntry } from '../../../../core/archive/tar-entry.ts';
import { createTarParser } from '../../../../core/archive/tar-parser.ts';

export interface RawFields {
  name?: string;
  mode?: string;
  uid?: string | Buffer;
  gid?: string | Buffer;
  size?: string | Buffer;
  mtime?: string | Buffer;
  type?: string;
  link?: string;
  magic?: string;
  prefix?: string;
  /** Written over the block before the checksum is made. */
  patch?: (block: Buffer) => void;
  checksum?: string;
}

export function octal(value: number, length = 12): string {
  return value.toString(8).padStart(length - 1, '0');
}

export function rawHeader(fields: RawFields): Buffer {
  const block = Buffer.alloc(512);
  const put = (at: number, value: string | Buffer): void => {
    if (typeof value === 'string') block.write(value, at, 'latin1');
    else value.copy(block, at);
  };
  put(0, fields.name ?? 'file');
  put(100, fields.mode ?? '0000644');
  put(108, fields.uid ?? '0000000');
  put(116, fields.gid ?? '0000000');
  put(124, fields.size ?? octal(0));
  put(136, fields.mtime ?? octal(0));
  put(156, fields.type ?? '0');
  put(157, fields.link ?? '');
  put(257, fields.magic ?? 'ustar\x0000');
  put(345, fields.prefix ?? '');
  fields.patch?.(block);
  block.fill(0x20, 148, 156);
  const sum = block.reduce((a, b) => a + b, 0);
  put(148, fields.checksum ?? `${sum.toString(8).padStart(6, '0')}\0 `);
  return block;
}

export function padded(data: Uint8Array | string): Buffer {
  const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : Buffer.from(data);
  return Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

export function rawEntry(fields: RawFields, data: Uint8Array | string = ''): Buffer {
  return Buffer.concat([rawHeader({ size: octal(data.length), ...fields }), padded(data)]);
}

export function archive(...parts: Uint8Array[]): Buffer {
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}

export interface Read {
  entry: TarEntry;
  /** With holes as zeros. */
  data: Buffer;
  /** As [offset, length], merged. */
  holes: [number, number][];
}

/** Feeds the bytes in pieces of `chunk` bytes. Holes past 16 MiB are not filled in. */
export function readAll(bytes: Uint8Array, chunk = bytes.length || 1): Read[] {
  const found: { entry: TarEntry; parts: Uint8Array[]; length: number; holes: [number, number][] }[] = [];
  const parser = createTarParser({
    entry: (entry) => found.push({ entry, parts: [], length: 0, holes: [] }),
    data: (data) => {
      const last = found.at(-1)!;
      last.parts.push(Buffer.from(data));
      last.length += data.length;
    },
    hole: (length) => {
      const last = found.at(-1)!;
      last.holes.push([last.length, length]);
      last.length += length;
      if (length <= 16 << 20) last.parts.push(Buffer.alloc(length));
    },
  });
  for (let at = 0; at < bytes.length; at += chunk) parser.write(bytes.subarray(at, at + chunk));
  parser.end();
  return found.map(({ entry, parts, holes }) => ({ entry, data: Buffer.concat(parts), holes }));
}
