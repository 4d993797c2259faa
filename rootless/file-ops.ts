/**
 * The stream of file operations: what TypeScript decides about files, for the launcher's *apply* job
 * (rootless/native/apply.c) to carry out as root of the user namespace; and, the other way round, what its *pack* jobs
 * (rootless/native/pack.c) say of a tree, which file-stream.ts reads. This is the one place that defines it.
 *
 *   stream    = "podops1\n" operation* end          numbers are little endian
 *   operation = op: u8, below: u8, path length: u16, body length: u32, path, body
 *   meta      = mode: u32, uid: u32, gid: u32, time      (ids as the container sees them)
 *   time      = nanoseconds: u32, seconds: i64
 *
 *   op   path       body                      does
 *   d    directory  meta                      makes it, or takes the one that is there
 *   f    file       meta                      makes it, empty
 *   l    link       meta target               makes a symbolic link
 *   h    link       target                    makes a hard link; both are names in the root
 *   n    node       meta major: u32 minor: u32   mknod(2): a fifo; devices aren't allowed in a user namespace
 *   D    -          bytes                     appended to the file of the last f
 *   H    -          length: u64               a hole, likewise
 *   x    attribute  value                     an extended attribute of what the last d or f made
 *   w    name       -                         hides what lower layers have there
 *   o    directory  -                         makes it, and hides what lower layers have in it
 *   t    anything   time                      sets its time: for directories, after all that is in them
 *   s    -          -                         syncfs(2)
 *   e    -          -                         the end; a stream without it was cut off and is an error
 *
 * Only pack jobs write, and apply jobs take no notice of:
 *   below                                     the layers below the one that is walked have 0: nothing of that name, 1: something,
 *                                             3: something of the same kind, mode and owner
 *   f    file       meta size: u64 [time]     the file's length; without data also the time of its last change of any kind
 *   L    link       meta target               instead of h: others who read an archive take a link's owner and mode seriously
 *   m    -          (offset: u64 length: u64)*   where the last f has data, in order: D and H follow it. Before any D
 * Attributes stand before the data there: an apply job wants them behind it, since writing takes some away.
 *
 * A path is at most 4095 bytes and names something in the root: "a/b", with no "." or ".." at its end; the root
 * itself is "". Links on the way are followed inside the root. A missing directory on the way is made, 0755 and
 * root's. d f l h n replace what has their path, except that d takes an existing directory. A body of anything
 * but D is at most 64 KiB. Owner, then attributes, then mode and time: an order in which nothing is lost.
 *
 * Strings are byte strings: one character a byte (latin1), as core/archive gives them; names have no encoding.
 */

export interface Time {
  /** Since 1970, may be negative. */
  seconds: number;
  /** 0 to 999 999 999. */
  nanoseconds: number;
}

export interface Meta {
  /** Permission bits, 07777; for `node` with the type bits of inode(7). */
  mode: number;
  uid: number;
  gid: number;
  mtime: Time;
}

export interface FileOps {
  directory(path: string, meta: Meta): void;
  file(path: string, meta: Meta): void;
  symlink(path: string, target: string, meta: Meta): void;
  hardLink(path: string, target: string): void;
  node(path: string, meta: Meta, major: number, minor: number): void;
  /** Large slices are kept, not copied, until they were taken. */
  data(bytes: Uint8Array): void;
  hole(length: number): void;
  xattr(name: string, value: Uint8Array): void;
  whiteout(path: string): void;
  opaque(path: string): void;
  time(path: string, mtime: Time): void;
  sync(): void;
  end(): void;
  /** What was encoded since the last call, in order, in pieces fit for writev(2). */
  take(): Uint8Array[];
}

export const MAX_PATH_BYTES = 4095;
export const MAX_XATTR_BYTES = 65536;

const MAGIC = 'podops1\n';
const HEAD = 8;
const META = 24;
/** Data shorter than this is copied next to its operation: fewer pieces are worth more than the copy. */
const COPY_BELOW = 16 << 10;
const PIECE = 256 << 10;

interface Pieces {
  done: Uint8Array[];
  piece: Buffer;
  /** piece[from..at) is encoded and not yet in `done`. */
  from: number;
  at: number;
}

/** Room for `length` bytes in the current piece, or a new one. */
function reserve(p: Pieces, length: number): number {
  if (p.at + length > p.piece.length) {
    seal(p);
    p.piece = Buffer.allocUnsafeSlow(Math.max(PIECE, length));
    p.from = p.at = 0;
  }
  const at = p.at;
  p.at += length;
  return at;
}

function seal(p: Pieces): void {
  if (p.at > p.from) p.done.push(p.piece.subarray(p.from, p.at));
  p.from = p.at;
}

/** Writes the head and the path of an operation; returns where its body goes in `p.piece`. */
function begin(p: Pieces, op: string, path: string, body: number): number {
  const at = reserve(p, HEAD + path.length + body);
  p.piece[at] = op.charCodeAt(0);
  p.piece[at + 1] = 0;
  p.piece.writeUInt16LE(path.length, at + 2);
  p.piece.writeUInt32LE(body, at + 4);
  p.piece.write(path, at + HEAD, 'latin1');
  return at + HEAD + path.length;
}

function putU64(piece: Buffer, at: number, value: number): void {
  piece.writeUInt32LE(value >>> 0, at);
  piece.writeInt32LE(Math.floor(value / 2 ** 32), at + 4);
}

function putTime(piece: Buffer, at: number, time: Time): void {
  piece.writeUInt32LE(time.nanoseconds, at);
  putU64(piece, at + 4, time.seconds);
}

function putMeta(piece: Buffer, at: number, meta: Meta): void {
  piece.writeUInt32LE(meta.mode, at);
  piece.writeUInt32LE(meta.uid, at + 4);
  piece.writeUInt32LE(meta.gid, at + 8);
  putTime(piece, at + 12, meta.mtime);
}

function putData(p: Pieces, bytes: Uint8Array): void {
  if (bytes.length === 0) return;
  if (bytes.length < COPY_BELOW) {
    const at = begin(p, 'D', '', bytes.length);
    p.piece.set(bytes, at);
    return;
  }
  const at = reserve(p, HEAD);
  p.piece.fill(0, at, at + HEAD);
  p.piece[at] = 0x44;
  p.piece.writeUInt32LE(bytes.length, at + 4);
  seal(p);
  p.done.push(bytes);
}

/** An encoder. The caller sees to the limits above: a path that is too long is a RangeError, a bug. */
export function encodeFileOps(): FileOps {
  const p: Pieces = { done: [], piece: Buffer.allocUnsafeSlow(PIECE), from: 0, at: 0 };
  p.piece.write(MAGIC, reserve(p, MAGIC.length), 'latin1');
  // The piece may change while room is made: it is read after that, never before.
  const named = (op: string, path: string, meta: Meta, more: number): number => {
    const at = begin(p, op, path, META + more);
    putMeta(p.piece, at, meta);
    return at + META;
  };
  return {
    directory: (path, meta) => void named('d', path, meta, 0),
    file: (path, meta) => void named('f', path, meta, 0),
    symlink: (path, target, meta) => {
      const at = named('l', path, meta, target.length);
      p.piece.write(target, at, 'latin1');
    },
    hardLink: (path, target) => {
      const at = begin(p, 'h', path, target.length);
      p.piece.write(target, at, 'latin1');
    },
    node: (path, meta, major, minor) => {
      const at = named('n', path, meta, 8);
      p.piece.writeUInt32LE(major, at);
      p.piece.writeUInt32LE(minor, at + 4);
    },
    data: (bytes) => putData(p, bytes),
    hole: (length) => {
      const at = begin(p, 'H', '', 8);
      putU64(p.piece, at, length);
    },
    xattr: (name, value) => {
      const at = begin(p, 'x', name, value.length);
      p.piece.set(value, at);
    },
    whiteout: (path) => void begin(p, 'w', path, 0),
    opaque: (path) => void begin(p, 'o', path, 0),
    time: (path, mtime) => {
      const at = begin(p, 't', path, 12);
      putTime(p.piece, at, mtime);
    },
    sync: () => void begin(p, 's', '', 0),
    end: () => void begin(p, 'e', '', 0),
    take: () => {
      seal(p);
      const done = p.done;
      p.done = [];
      return done;
    },
  };
}
