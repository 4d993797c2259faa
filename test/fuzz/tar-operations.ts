/** Streams of file operations that no honest encoder makes: hostile names, links everywhere, spoiled bytes. */
import { encodeFileOps } from '../../rootless/file-ops.ts';
import type { Random } from './chance.ts';
import { mutate } from './tar-mutations.ts';

const NAMES = ['a', 'b', 'c', 'up', 'out', 'self', 'etc', 'x'.repeat(255)];
const ODD = ['..', '.', '', 'canary', '\x01', '\xff'];
const TARGETS = [
  '..',
  '../..',
  '../../..',
  '/',
  '.',
  'a',
  'b/c',
  '../canary',
  '/canary',
  'up',
  'out/..',
  '/proc/self/root',
  '/proc/self/cwd',
];

function path(chance: Random): string {
  const parts = Array.from({ length: 1 + chance(4) }, () => {
    const from = chance(25) === 0 ? ODD : NAMES;
    return from[chance(from.length)] as string;
  });
  return (chance(30) === 0 ? '/' : '') + parts.join('/');
}

/** A whole stream; one in five has spoiled bytes, too. */
export function hostileStream(chance: Random): Buffer {
  const ops = encodeFileOps();
  const target = (): string => (chance(2) ? (TARGETS[chance(TARGETS.length)] as string) : path(chance));
  for (let left = 1 + chance(30); left > 0; left--) {
    const meta = {
      mode: chance(8) ? 0o755 : chance(0o200000),
      uid: chance(4) ? 0 : chance(2 ** 31),
      gid: chance(4) ? 0 : chance(2 ** 31),
      mtime: { seconds: chance(2 ** 31) - 2 ** 30, nanoseconds: chance(10 ** 9) },
    };
    const name = path(chance);
    const makers: (() => void)[] = [
      () => {
        ops.directory(name, meta);
        if (chance(4) === 0) ops.xattr('user.a', Buffer.alloc(chance(100)));
      },
      () => ops.directory(name, meta),
      () => {
        ops.file(name, meta);
        if (chance(2)) ops.data(Buffer.alloc(chance(3000), 'd'));
        if (chance(4) === 0) ops.hole(chance(50) ? chance(10_000) : 2 ** 50);
        if (chance(4) === 0) ops.xattr('user.a', Buffer.alloc(chance(100)));
      },
      () => ops.file(name, meta),
      () => ops.symlink(name, target() || 'a', meta),
      () => ops.symlink(name, target() || 'a', meta),
      () => ops.symlink(name, target() || 'a', meta),
      () => ops.hardLink(name, target() || 'a'),
      () =>
        ops.node(
          name,
          {
            ...meta,
            mode: [0o010644, 0o020666, 0o060666, 0o140777, 0o100644, 0o040755][chance(6)] as number,
          },
          0,
          chance(3),
        ),
      () => ops.whiteout(name),
      () => ops.opaque(name),
      () => ops.time(name, meta.mtime),
    ];
    (makers[chance(makers.length)] as () => void)();
  }
  if (chance(10) > 0) ops.end();
  const bytes = Buffer.concat(ops.take());
  return chance(5) === 0 ? mutate(bytes, [bytes], chance) : bytes;
}
