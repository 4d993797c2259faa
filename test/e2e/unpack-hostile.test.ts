/** Layers that mean harm: refused with one clear error or contained, nothing of them outside, nothing left behind. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as assert from 'uvu/assert';
import { PodError } from '../../core/error.ts';
import { abandonedLayers, removeTree, unpackLayer } from '../../core/images/unpack/unpack.ts';
import { test } from './harness/index.ts';
import { sandbox } from './harness/sandbox.ts';
import {
  asRoot,
  chunks,
  digest,
  type Item,
  layersDir,
  namespace,
  refusal,
  tar,
  unpack,
  unpacked,
} from './unpack-lab.ts';

const file = (path: string, content = 'evil'): Item => ({ path, type: 'file', content });
const link = (path: string, linkTarget: string): Item => ({ path, type: 'symlink', linkTarget });
const hard = (path: string, linkTarget: string): Item => ({ path, type: 'hardlink', linkTarget });

const outside = join(sandbox.work, 'outside');
mkdirSync(outside);
writeFileSync(join(outside, 'secret'), 'secret');

test.after.each(() => {
  assert.equal(readdirSync(outside), ['secret']);
  assert.is(readFileSync(join(outside, 'secret'), 'utf8'), 'secret');
  assert.is(statSync(join(outside, 'secret')).nlink, 1);
});

const refused: [string, Item[], string][] = [
  ['a name that climbs', [file('../../outside/x')], 'climbs above the root'],
  ['a name that climbs in its middle', [file('a/../../../outside/x')], 'climbs above the root'],
  ['an absolute name that climbs', [file('/../../outside/x')], 'climbs above the root'],
  ['a directory that climbs', [{ path: '../outside/', type: 'directory', mode: 0 }], 'climbs above the root'],
  ['a whiteout that climbs', [file('../../outside/.wh.secret', '')], 'climbs above the root'],
  ['a hard link to a name that climbs', [hard('got', '../../../outside/secret')], 'climbs above the root'],
  ['a hard link to an absolute name outside', [hard('got', `${outside}/secret`)], 'No such file'],
  [
    'a hard link through a link that leads out',
    [link('out', outside), hard('got', 'out/secret')],
    'No such file',
  ],
  [
    'a file through a link that climbs',
    [link('up', '../../../outside'), file('up/x')],
    'climbs above the root',
  ],
  [
    'a file through links that climb together',
    [link('a', 'b/..'), link('b', 'c'), link('c', '../x'), file('a/x')],
    'climbs above the root',
  ],
  [
    'a file through an absolute link that leads out',
    [link('out', outside), file('out/x')],
    'leads out of the layer',
  ],
  [
    'a whiteout through an absolute link',
    [link('out', outside), file('out/.wh.secret', '')],
    'leads out of the layer',
  ],
  ['a link through a link', [link('out', outside), link('out/x', 'y')], 'leads out of the layer'],
  [
    'a directory through a link',
    [link('out', outside), { path: 'out/x', type: 'directory' }],
    'leads out of the layer',
  ],
  ['a loop of links', [link('a', 'b'), link('b', 'a'), file('a/x')], 'too many symbolic links'],
  ['a whiteout of nothing', [file('d/.wh.', '')], 'whiteout of nothing'],
  ['a whiteout of the parent', [file('d/.wh...', '')], 'whiteout of nothing'],
  ['a file below a whiteout', [file('.wh.d/x')], 'below a whiteout'],
  ['a root that is a file', [file('./')], 'x'],
  ['a root that is a link', [link('.', '/')], 'root must be a directory'],
  ['a file below a file', [file('f'), file('f/x')], 'Not a directory'],
  ['a hard link to a directory', [{ path: 'd', type: 'directory' }, hard('h', 'd')], 'not permitted'],
  ['a hard link to what is not there', [hard('h', 'nothing')], 'cannot make the hard link h to nothing'],
  ['a component that is too long', [file(`d/${'n'.repeat(256)}`)], 'ame too long'],
  ['a directory of ten thousand levels', [file('d/'.repeat(10_000))], 'name of more than 4095 bytes'],
];
for (const [name, items, why] of refused.filter(([name]) => name !== 'a root that is a file'))
  test(`${name} is refused`, async () => {
    const error = await refusal(unpacked(tar(file('before', 'fine'), ...items)));
    assert.match(`${error.message}: ${error.why}`, why);
    assert.is(error.code, name.includes('to a directory') ? 'io' : 'invalid');
  });

test('links may point anywhere, and names lead through links that stay in the layer', async () => {
  const fs = await unpacked(
    tar(
      { path: '/run', type: 'directory' },
      link('var/run', '/run'),
      link('var/lock', '../run/lock'),
      file('var/run/pid', '1'),
      link('up', '../../../..'),
      link('etc/passwd', outside),
      file('./etc//./hosts', 'h'),
      file('/abs/olute', 'a'),
      file('a/../b', 'b'),
    ),
  );
  const seen = await asRoot('cd "$1"; find . -type f | sort; cat run/pid etc/hosts abs/olute b', [fs]);
  assert.is(seen, './abs/olute\n./b\n./etc/hosts\n./run/pid\n1hab');
});

test('a link that is swapped for a directory and back leads nowhere new', async () => {
  const fs = await unpacked(
    tar(
      { path: 'd', type: 'directory' },
      file('d/one', '1'),
      link('d', outside),
      { path: 'd', type: 'directory' },
      file('d/two', '2'),
      link('e', 'd'),
      file('e/three', '3'),
      file('e', 'a file now'),
    ),
  );
  assert.is(
    await asRoot('cd "$1"; find . | sort; cat d/* e', [fs]),
    '.\n./d\n./d/three\n./d/two\n./e\n32a file now',
  );
});

test('later entries win: a file over a directory, a directory over a file, a file over its hard link', async () => {
  const fs = await unpacked(
    tar(
      file('one', '1'),
      hard('two', 'one'),
      file('two', '2'),
      file('dir/deep/down', 'x'),
      file('dir', 'file'),
      file('was', 'file'),
      { path: 'was', type: 'directory' },
      file('was/in', 'in'),
      file('same', 'a'),
      file('same', 'b'),
      hard('same', 'same'),
    ),
  );
  assert.is(await asRoot('cd "$1"; cat one two dir was/in same', [fs]), '12fileinb');
});

test('devices are left out, a million of them too, and so are hard links to them', async () => {
  const devices: Item[] = [
    { path: 'dev/kmsg', type: 'char', major: 1, minor: 11 },
    { path: 'dev/sda', type: 'block', major: 8, minor: 0, mode: 0o666 },
    { path: 'dev/whiteout', type: 'char', major: 0, minor: 0 },
    hard('dev/sdb', 'dev/sda'),
    file('dev/file', 'x'),
  ];
  const bomb = tar({ path: 'dev/sda', type: 'block', major: 8, minor: 0 }).subarray(0, 512);
  const bytes = Buffer.concat([
    tar(...devices).subarray(0, -1024),
    Buffer.alloc(512 * 100_000, bomb),
    Buffer.alloc(1024),
  ]);
  const fs = await unpacked(bytes);
  assert.equal(readdirSync(join(fs, 'dev')), ['file']);
});

test('names with control characters are kept, and never printed raw', async () => {
  const fs = await unpacked(tar(file('Icon\r', 'i'), file('\x1b[2J', 'esc'), file('new\nline', 'n')));
  assert.is(readFileSync(join(fs, 'Icon\r'), 'utf8'), 'i');
  const error = await refusal(unpacked(tar(hard('\x1b]0;own\x07\u009b', '\x1b[31m'))));
  assert.not.match(`${error.message}${error.why}`, /[\x00-\x1f\x7f-\x9f]/);
});

test('a gzip bomb stops at the bound', async () => {
  const zeros = tar(file('bomb', '\0'.repeat(64 << 20)));
  const before = process.env.TSC_POD_MAX_LAYER_SIZE;
  process.env.TSC_POD_MAX_LAYER_SIZE = String(16 << 20);
  try {
    const error = await refusal(unpack(gzipSync(zeros)));
    assert.is(error.code, 'invalid');
    assert.match(error.why ?? '', /grows to more than 200 times|holds more than 16777216 bytes/);
    assert.match(error.hint ?? '', 'TSC_POD_MAX_LAYER_SIZE');
  } finally {
    if (before === undefined) delete process.env.TSC_POD_MAX_LAYER_SIZE;
    else process.env.TSC_POD_MAX_LAYER_SIZE = before;
  }
});

test('a layer that is not the one expected is refused', async () => {
  const error = await refusal(unpack(tar(file('x')), { diffId: digest(Buffer.from('other')) }));
  assert.is(error.code, 'invalid');
  assert.match(error.why ?? '', /its content has the digest sha256:/);
});

test('a truncated or damaged layer is refused', async () => {
  const bytes = tar(file('x', 'x'.repeat(300_000)));
  const packed = gzipSync(bytes);
  const damaged = Buffer.from(packed);
  damaged[packed.length >> 1]! ^= 0xff;
  for (const source of [
    packed.subarray(0, packed.length - 5),
    damaged,
    bytes.subarray(0, 100_000),
    Buffer.from('no tar at all'.repeat(99)),
  ])
    assert.is((await refusal(unpack(source, { diffId: digest(bytes) }))).code, 'invalid');
});

test('an error of the source comes through as it is', async () => {
  const failure = new PodError({ code: 'network', message: 'the registry hung up' });
  async function* broken() {
    yield* chunks(tar(file('x', 'x'.repeat(100_000))).subarray(0, 70_000));
    throw failure;
  }
  assert.is(await refusal(unpackLayer(broken(), { layersDir, namespace })), failure);
});

test('an interrupted layer is gone, also while its source hangs', async () => {
  const stop = new AbortController();
  async function* hanging() {
    yield* chunks(tar(file('x', 'x'.repeat(100_000))).subarray(0, 70_000));
    setTimeout(() => stop.abort(), 50);
    await new Promise(() => {});
  }
  const keepAlive = setInterval(() => {}, 1000);
  const error = await refusal(unpackLayer(hanging(), { layersDir, namespace, signal: stop.signal }));
  clearInterval(keepAlive);
  assert.is(error.code, 'interrupted');
  assert.is((await refusal(unpack(tar(file('x')), { signal: AbortSignal.abort() }))).code, 'interrupted');
});

test('what a killed process leaves half-made is known for it', async () => {
  const program = `
    const { unpackLayer } = await import(${JSON.stringify(join(import.meta.dirname, '../../core/images/unpack/unpack.ts'))});
    async function* source() { yield Buffer.alloc(1024); console.log('on'); await new Promise(() => {}); }
    setInterval(() => {}, 1000);
    await unpackLayer(source(), ${JSON.stringify({ layersDir, namespace })});`;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  assert.is(readdirSync(layersDir).filter((name) => name.startsWith('tmp.')).length, 1);
  assert.equal(abandonedLayers(layersDir), []);
  child.kill('SIGKILL');
  await once(child, 'close');
  const [left, ...more] = abandonedLayers(layersDir);
  assert.equal(more, []);
  await removeTree(left as string, namespace);
  assert.equal(abandonedLayers(layersDir), []);
});

test('a launcher that cannot start is told', async () => {
  const error = await refusal(
    unpack(tar(file('x')), { namespace: { launcher: '/nowhere/launcher', maps: [] } }),
  );
  assert.is(error.code, 'launch');
});

test('a tree of ten thousand levels, with unreadable parts and links, is removed and nothing else', async () => {
  const tree = join(sandbox.work, 'tree');
  mkdirSync(tree);
  const dig = `const fs = require('fs'); for (let i = 0; i < 10000; i++) { fs.mkdirSync('d'); fs.writeFileSync('f', ''); process.chdir('d'); }`;
  execFileSync(process.execPath, ['-e', dig], { cwd: tree });
  await asRoot(
    'cd "$1"; mkdir -p locked/in; touch locked/in/x; chmod 0 locked/in locked; ln -s "$2" link; mkfifo pipe; chown 55:66 locked',
    [tree, outside],
  );
  await removeTree(tree, namespace);
  assert.not(existsSync(tree));
});

test.run();
