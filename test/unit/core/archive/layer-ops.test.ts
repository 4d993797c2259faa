import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { layerOps } from '../../../../core/archive/layer-ops.ts';
import { memberName } from '../../../../core/archive/member-name.ts';
import type { TarEntry } from '../../../../core/archive/tar-entry.ts';
import { PodError } from '../../../../core/error.ts';
import type { FileOps } from '../../../../rootless/file-ops.ts';

/** The operations of some entries, one text each. */
function opsOf(...entries: (Partial<TarEntry> & { content?: string })[]): string[] {
  const log: string[] = [];
  const note =
    (name: string) =>
    (...args: unknown[]): void =>
      void log.push(
        [name, ...args.filter((arg) => typeof arg === 'string' || typeof arg === 'number')].join(' '),
      );
  const ops: FileOps = {
    directory: note('directory'),
    file: note('file'),
    symlink: note('symlink'),
    hardLink: note('hardLink'),
    node: (path, meta) => void log.push(`node ${path} ${meta.mode.toString(8)}`),
    data: (bytes) => void log.push(`data ${Buffer.from(bytes)}`),
    hole: note('hole'),
    xattr: (name, value) => void log.push(`xattr ${name} ${Buffer.from(value)}`),
    whiteout: note('whiteout'),
    opaque: note('opaque'),
    time: note('time'),
    sync: note('sync'),
    end: note('end'),
    take: () => [],
  };
  const layer = layerOps(ops);
  for (const { content, ...entry } of entries) {
    layer.entry({
      path: 'x',
      type: 'file',
      linkTarget: '',
      size: 0,
      mode: 0o644,
      uid: 0,
      gid: 0,
      mtime: { seconds: 0, nanoseconds: 0 },
      major: 0,
      minor: 0,
      xattrs: new Map(),
      ...entry,
    });
    if (content) layer.data(Buffer.from(content));
  }
  layer.finish();
  return log;
}

function refusal(...entries: Partial<TarEntry>[]): string {
  try {
    opsOf(...entries);
  } catch (error) {
    assert.instance(error, PodError);
    return (error as PodError).why ?? '';
  }
  assert.unreachable();
  return '';
}

test('names lose their dots and slashes, and may not climb above the root', () => {
  for (const [given, wanted] of [
    ['a/b', 'a/b'],
    ['./a', 'a'],
    ['/a/', 'a'],
    ['a//b/./c', 'a/b/c'],
    ['a/../b', 'b'],
    ['a/b/../../c/..', ''],
    ['./', ''],
    ['.', ''],
    ['/', ''],
    ['...', '...'],
    ['a..b/.c', 'a..b/.c'],
  ] as const)
    assert.is(memberName(given), wanted, given);
  for (const path of ['..', '../a', 'a/../..', '/..', './../x', 'a/../../b'])
    assert.throws(() => memberName(path));
});

test('attributes follow the data, and times of directories follow everything', () => {
  const xattrs = new Map([['user.a', Buffer.from('v')]]);
  assert.equal(
    opsOf(
      { path: './', type: 'directory' },
      { path: 'd/', type: 'directory', xattrs },
      { path: 'd/f', content: 'data', xattrs },
      { path: 'd/g' },
    ),
    [
      'directory ',
      'directory d',
      'xattr user.a v',
      'file d/f',
      'data data',
      'xattr user.a v',
      'file d/g',
      'time ',
      'time d',
    ],
  );
});

test('whiteouts are markers, and what follows in their bodies is no file', () => {
  assert.equal(
    opsOf(
      { path: 'd/.wh.gone', content: 'x' },
      { path: '.wh.top' },
      { path: 'd/.wh..wh..opq' },
      { path: '.wh..wh.plnk', type: 'directory' },
      { path: '.wh..wh.plnk/1.2', content: 'x' },
      { path: 'not.wh.one', content: 'y' },
    ),
    ['whiteout d/gone', 'whiteout top', 'opaque d', 'file not.wh.one', 'data y'],
  );
  for (const path of ['.wh.', 'd/.wh..', '.wh...']) assert.match(refusal({ path }), 'whiteout of nothing');
  assert.match(refusal({ path: '.wh.d/x' }), 'below a whiteout');
});

test('devices are left out with their hard links; a fifo keeps its type', () => {
  assert.equal(
    opsOf(
      { path: 'dev/sda', type: 'block', major: 8 },
      { path: 'dev/null', type: 'char', major: 1, minor: 3 },
      { path: 'dev/disk', type: 'hardlink', linkTarget: '/dev/sda' },
      { path: 'pipe', type: 'fifo', mode: 0o600 },
      { path: 'hard', type: 'hardlink', linkTarget: './pipe' },
    ),
    ['node pipe 10600', 'hardLink hard pipe'],
  );
});

test('only attributes that a container may have are taken', () => {
  const names = [
    'user.mine',
    'security.capability',
    'system.posix_acl_access',
    'system.posix_acl_default',
    'security.selinux',
    'security.ima',
    'trusted.overlay.opaque',
    'user.overlay.redirect',
    'user.fuseoverlayfs.opaque',
    'user.containers.override_stat',
    'system.other',
  ];
  const xattrs = new Map(names.map((name) => [name, Buffer.from('v')]));
  assert.equal(opsOf({ path: 'f', xattrs }), [
    'file f',
    ...names.slice(0, 4).map((name) => `xattr ${name} v`),
  ]);
  assert.match(refusal({ xattrs: new Map([['user.big', Buffer.alloc(65537)]]) }), 'larger than Linux allows');
});

test('names may lead through links of the layer, but not out of it', () => {
  const link = (path: string, linkTarget: string): Partial<TarEntry> => ({
    path,
    type: 'symlink',
    linkTarget,
  });
  assert.is(
    opsOf(link('var/run', '../run'), { path: 'var/run/x' }, link('abs', '/a/b'), { path: 'abs/x' }).length,
    4,
  );
  assert.match(refusal(link('up', '..'), { path: 'up/x' }), 'climbs above the root');
  assert.match(refusal(link('a/up', '../../etc'), { path: 'a/up/x' }), 'climbs above the root');
  assert.match(refusal(link('a', 'b'), link('b', '/../x'), { path: 'a/x' }), 'climbs above the root');
  assert.match(
    refusal(link('a', '..'), { path: 'h', type: 'hardlink', linkTarget: 'a/x' }),
    'climbs above the root',
  );
  assert.match(refusal(link('a', 'b'), link('b', 'a'), { path: 'a/x' }), 'too many symbolic links');
  // Replaced by a directory, a link leads nowhere any more.
  assert.is(opsOf(link('up', '..'), { path: 'up', type: 'directory' }, { path: 'up/x' }).length, 4);
});

test('the root must be a directory, and no hard link leads to it', () => {
  assert.match(refusal({ path: './' }), 'root must be a directory');
  assert.match(refusal({ path: 'h', type: 'hardlink', linkTarget: '/' }), 'hard link to the root');
});

test.run();
