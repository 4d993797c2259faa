/** The same unpacked layers, read by the kernel's overlay and by fuse-overlayfs: whiteouts and opaque directories. */
import { mkdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import * as assert from 'uvu/assert';
import { visibleLayers } from '../../core/images/unpack/unpack.ts';
import { test } from './harness/index.ts';
import { sandbox } from './harness/sandbox.ts';
import { asRoot, type Item, layersDir, tar, unpacked } from './unpack-lab.ts';

const dir = (path: string): Item => ({ path, type: 'directory' });
const file = (path: string, content = path): Item => ({ path, type: 'file', content });

const target = join(sandbox.work, 'merged');
const upper = join(sandbox.work, 'upper');
const work = join(sandbox.work, 'upper-work');
for (const path of [target, upper, work]) mkdirSync(path);

/** What `find` sees through a driver; `lowers` from bottom to top. */
async function merged(driver: 'kernel' | 'fuse', lowers: string[], writable: boolean): Promise<string> {
  const options = [`lowerdir=${lowers.toReversed().join(':')}`];
  if (writable) options.push(`upperdir=${upper}`, `workdir=${work}`);
  if (driver === 'kernel') options.push('userxattr');
  const mount = driver === 'kernel' ? 'mount -t overlay overlay -o "$1" "$2"' : 'fuse-overlayfs -o "$1" "$2"';
  const text = await asRoot(
    `${mount}; cd "$2"; find . -mindepth 1 -printf "%y %P\\n" | sort -k2; grep -r . . | sort; cd /; umount "$2"`,
    [options.join(','), target],
    { mount: true },
  );
  return text.replaceAll('./', '').trim();
}

const base: Item[] = [
  dir('d'),
  file('d/gone'),
  file('d/stays'),
  dir('d/sub'),
  file('d/sub/x'),
  dir('opaque'),
  file('opaque/old'),
  dir('opaque/olddir'),
  file('file-gone'),
  dir('dir-gone'),
  file('dir-gone/x'),
  dir('both'),
  file('both/old'),
  file('was-file'),
  dir('was-dir'),
  file('was-dir/x'),
];

const cases: [string, Item[], string][] = [
  [
    'whiteouts hide files and directories of lower layers',
    [
      dir('d'),
      file('d/.wh.gone', ''),
      file('.wh.file-gone', ''),
      file('.wh.dir-gone', ''),
      file('d/.wh.sub', ''),
      file('d/.wh.never', ''),
    ],
    'd both\nf both/old\nd d\nf d/stays\nd opaque\nf opaque/old\nd opaque/olddir\nd was-dir\nf was-dir/x\nf was-file\n' +
      'both/old:both/old\nd/stays:d/stays\nopaque/old:opaque/old\nwas-dir/x:was-dir/x\nwas-file:was-file',
  ],
  [
    'an opaque directory hides all that is below it, and shows its own, whichever entry comes first',
    [
      dir('opaque'),
      file('opaque/new'),
      file('opaque/.wh..wh..opq', ''),
      file('d/.wh..wh..opq', ''),
      file('d/new'),
      file('.wh..wh.plnk', ''),
      file('.wh..wh.aufs', 'x'),
      file('.wh.both', ''),
      file('.wh.was-dir', ''),
    ],
    'd d\nf d/new\nd dir-gone\nf dir-gone/x\nf file-gone\nd opaque\nf opaque/new\nf was-file\n' +
      'd/new:d/new\ndir-gone/x:dir-gone/x\nfile-gone:file-gone\nopaque/new:opaque/new\nwas-file:was-file',
  ],
  [
    'a name that is hidden and made anew in one layer shows only the new, in either order',
    [
      dir('both'),
      file('both/new'),
      file('.wh.both', ''),
      file('.wh.d', ''),
      dir('d'),
      file('d/other'),
      file('.wh.opaque', ''),
      file('opaque/without-its-directory'),
      file('.wh.dir-gone', ''),
      file('.wh.file-gone', ''),
      file('file-gone', 'again'),
      dir('was-file'),
      file('was-dir', 'now a file'),
    ],
    'd both\nf both/new\nd d\nf d/other\nf file-gone\nd opaque\nf opaque/without-its-directory\nf was-dir\nd was-file\n' +
      'both/new:both/new\nd/other:d/other\nfile-gone:again\nopaque/without-its-directory:opaque/without-its-directory\nwas-dir:now a file',
  ],
];

for (const [name, items, expected] of cases)
  for (const driver of ['kernel', 'fuse'] as const)
    for (const writable of [true, false])
      test(`${name} (${driver}${writable ? '' : ', read-only'})`, async () => {
        const layers = [await unpacked(tar(...base)), await unpacked(tar(...items))];
        assert.is(await merged(driver, layers, writable), expected);
      });

test('what lies below a layer whose root is opaque is not seen', async () => {
  const ids = await Promise.all(
    [[file('low')], [file('.wh..wh..opq', ''), file('middle')], [file('top')]].map(
      async (items) => `sha256:${basename(dirname(await unpacked(tar(...items))))}`,
    ),
  );
  assert.equal(visibleLayers(layersDir, ids), ids.slice(1));
  assert.equal(visibleLayers(layersDir, ids.slice(0, 1)), ids.slice(0, 1));
  assert.equal(visibleLayers(layersDir, []), []);
  const [one, other] = ['a', 'b'].map((digit) => `sha256:${digit.repeat(64)}`) as [string, string];
  assert.equal(visibleLayers(layersDir, [one, other, one]), [other, one]);
});

test('attributes that steer overlays are not taken from a layer', async () => {
  const xattrs = new Map(
    [
      'user.overlay.redirect',
      'user.overlay.opaque',
      'user.fuseoverlayfs.opaque',
      'user.containers.override_stat',
      'trusted.overlay.opaque',
      'user.fine',
    ].map((name) => [name, Buffer.from('y')]),
  );
  const fs = await unpacked(tar({ path: 'steer', type: 'directory', xattrs }));
  assert.is(await asRoot('cd "$1"; getfattr -m - steer', [fs]), '# file: steer\nuser.fine\n\n');
});

test.run();
