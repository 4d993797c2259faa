import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { BUSYBOX, ended } from './container-lab.ts';
import { command, PYTHON, pod, podBytes, podOk, sandbox, tarOf, test } from './harness/index.ts';

const drivers = ['overlay', 'fuse-overlayfs', 'copy'];
const flags = (driver: string) => ['--network', 'none', '--storage-driver', driver];
const here = (...names: string[]) => join(sandbox.work, ...names);
const read = (...names: string[]) => readFileSync(here(...names), 'utf8');

function makeTree(name: string): void {
  rmSync(here(name), { recursive: true, force: true });
  mkdirSync(here(name, 'sub'), { recursive: true });
  writeFileSync(here(name, 'file'), 'data\n');
  linkSync(here(name, 'file'), here(name, 'hard'));
  symlinkSync('file', here(name, 'link'));
  writeFileSync(here(name, 'two\nlines'), 'odd');
  writeFileSync(here(name, 'sub', 'deep'), 'deep');
  chmodSync(here(name, 'sub'), 0o750);
  utimesSync(here(name, 'file'), 1_000_000_000.5, 1_000_000_000.5);
}

const LIST =
  'cd /got && find . | sort && stat -c "%n %u:%g %a %h" file sub && stat -c %y file && readlink link';
const LISTED = [
  ...['.', './file', './hard', './link', './sub', './sub/deep', './two\nlines'],
  ...['file 0:0 644 2', 'sub 0:0 750 2', '2001-09-09 01:46:40.500000000 +0000', 'file', ''],
].join('\n');

test.before(async () => {
  makeTree('tree');
  for (const driver of drivers) {
    const name = driver.slice(0, 4);
    await podOk([
      'run',
      '-d',
      '--name',
      `up-${name}`,
      ...flags(driver),
      '-v',
      `vu-${name}:/v`,
      BUSYBOX,
      'sleep',
      '1000',
    ]);
    await podOk(['run', '--name', `down-${name}`, ...flags(driver), '-v', `vd-${name}:/v`, BUSYBOX, 'true']);
  }
});

for (const driver of drivers) {
  for (const state of ['up', 'down']) {
    const name = `${state}-${driver.slice(0, 4)}`;

    test(`${driver}: a tree goes into a container that is ${state}, and comes out the same`, async () => {
      assert.equal(await pod(['cp', 'tree', `${name}:/got`]), ended(0));
      rmSync(here('back'), { recursive: true, force: true });
      assert.equal(await pod(['cp', `${name}:/got`, 'back']), ended(0));
      assert.equal(await command(['diff', '-r', '--no-dereference', 'tree', 'back']), ended(0));
      assert.is(statSync(here('back', 'file')).ino, statSync(here('back', 'hard')).ino);
      assert.is(statSync(here('back', 'file')).mtimeMs, 1_000_000_000_500);
      if (state === 'down') await podOk(['commit', '-q', name, `seen-${name}`]);
      const shown =
        state === 'up'
          ? await pod(['exec', name, 'sh', '-c', LIST])
          : await pod(['run', '--rm', ...flags(driver), `seen-${name}`, 'sh', '-c', LIST]);
      assert.equal(shown, ended(0, LISTED));
    });

    test(`${driver}: both ends may be in one container that is ${state}`, async () => {
      assert.equal(await pod(['cp', 'tree', `${name}:/one`]), ended(0));
      assert.equal(await pod(['cp', `${name}:/one`, `${name}:/one/two`]), ended(0));
      rmSync(here('two'), { recursive: true, force: true });
      assert.equal(await pod(['cp', `${name}:/one/two`, 'two']), ended(0));
      assert.equal(await command(['diff', '-r', '--no-dereference', 'tree', 'two']), ended(0));
    });

    test(`${driver}: the volume of a container that is ${state} is written and read`, async () => {
      assert.equal(await pod(['cp', 'tree/file', `${name}:/v/`]), ended(0));
      const volume = `${state === 'up' ? 'vu' : 'vd'}-${driver.slice(0, 4)}`;
      assert.is(readFileSync(join(sandbox.data, 'volumes', volume, '_data/file'), 'utf8'), 'data\n');
      assert.equal(await pod(['cp', `${name}:/v/file`, 'from-volume']), ended(0));
      assert.is(read('from-volume'), 'data\n');
    });
  }
}

test("names and kinds follow docker's rules", async () => {
  const sh = (script: string) => podOk(['exec', 'up-over', 'sh', '-c', script]);
  await sh('mkdir -p /d/is /l; echo old >/d/old; ln -s /d /to-d; ln -s /l/made /dangling; echo x >/etc/x:y');
  const cases: [from: string, to: string, script: string, shown: string][] = [
    ['tree/file', 'up-over:/d/new', 'cat /d/new', 'data'],
    ['tree/file', 'up-over:d/old', 'cat /d/old', 'data'],
    ['tree/file', 'up-over:/d', 'cat /d/file', 'data'],
    ['tree/file', 'up-over:/to-d/is/', 'cat /d/is/file', 'data'],
    ['tree/file', 'up-over:/dangling', 'cat /l/made; readlink /dangling', 'data\n/l/made'],
    ['tree', 'up-over:/d', 'ls /d/tree', 'file\nhard\nlink\nsub\ntwo?lines'],
    ['tree/.', 'up-over:/d/is', 'ls -d /d/is/sub', '/d/is/sub'],
    ['tree/.', 'up-over:/fresh', 'ls -d /fresh/sub', '/fresh/sub'],
    ['tree', 'up-over:/fresh2/', 'ls -d /fresh2/sub', '/fresh2/sub'],
    ['tree/link', 'up-over:/as-link', 'readlink /as-link', 'file'],
  ];
  for (const [from, to, script, shown] of cases) {
    assert.equal(await pod(['cp', from, to]), ended(0), `${from} ${to}`);
    assert.is(await sh(script), shown, `${from} ${to}`);
  }
  assert.equal(await pod(['cp', '-L', 'tree/link', 'up-over:/as-file']), ended(0));
  assert.is(await sh('test -h /as-file || cat /as-file'), 'data');
  writeFileSync(here('a:b'), 'colon');
  assert.equal(await pod(['cp', './a:b', 'up-over:/a:b']), ended(0));
  assert.equal(await pod(['cp', 'up-over:/etc/x:y', '.']), ended(0));
  assert.is(read('x:y'), 'x\n');
  assert.equal(await pod(['cp', 'up-over:/a:b', 'down-copy:/from-other']), ended(0));
  assert.equal(
    (await podBytes(['cp', 'down-copy:/from-other', '-'])).stdout.toString('latin1').includes('colon'),
    true,
  );
});

test('what cannot be copied is said, with nothing done', async () => {
  const failed = async (args: string[], stderr: string) =>
    assert.equal(await pod(['cp', ...args]), ended(125, '', `${stderr}\n`));
  await failed(['up-over:/none', 'x'], 'Error: cannot copy up-over:/none: it does not exist');
  await failed(['none', 'up-over:/x'], 'Error: cannot copy none: it does not exist');
  await failed(['tree/file/', 'up-over:/x'], 'Error: cannot copy tree/file/: it is not a directory');
  await failed(
    ['tree', 'up-over:/etc/passwd'],
    'Error: cannot copy tree to up-over:/etc/passwd: a directory cannot take the place of a file',
  );
  await failed(
    ['tree/file', 'up-over:/not/there'],
    'Error: cannot copy tree/file to up-over:/not/there: there is no directory /not',
  );
  await failed(
    ['tree/file', 'up-over:/not/'],
    'Error: cannot copy tree/file to up-over:/not/: the directory does not exist',
  );
  await failed(
    ['-', 'up-over:/etc/passwd'],
    'Error: cannot copy standard input to up-over:/etc/passwd: it is not a directory that exists',
  );
  const none = await pod(['cp', 'a', 'b']);
  assert.is(none.code, 125);
  assert.match(none.stderr, /^Error: cannot copy: one of both must be in a container\n/);
});

test('a directory takes the place of a file only with --overwrite', async () => {
  await podOk(['exec', 'up-over', 'sh', '-c', 'mkdir -p /o/tree/file /o2; echo x >/o2/tree']);
  const refused = await pod(['cp', 'tree', 'up-over:/o']);
  assert.equal(refused.code, 125);
  assert.match(refused.stderr, /cannot make the file tree\/file: Is a directory/);
  assert.match((await pod(['cp', 'tree', 'up-over:/o2'])).stderr, /make the directory tree: Not a directory/);
  for (const to of ['/o', '/o2'])
    assert.equal(await pod(['cp', '--overwrite', 'tree', `up-over:${to}`]), ended(0));
  assert.is(await podOk(['exec', 'up-over', 'cat', '/o/tree/file', '/o2/tree/file']), 'data\ndata');
});

test('a read-only root and a read-only volume are named as such', async () => {
  await podOk([
    'run',
    '-d',
    '--name',
    'ro',
    '--read-only',
    '-v',
    'rov:/v:ro',
    '--network',
    'none',
    BUSYBOX,
    'sleep',
    '1000',
  ]);
  await podOk([
    'run',
    '--name',
    'ro-down',
    '--read-only',
    '-v',
    'rov:/v:ro',
    '--network',
    'none',
    BUSYBOX,
    'true',
  ]);
  for (const to of ['ro:/x', 'ro:/v/x', 'ro-down:/x', 'ro-down:/v/x']) {
    const { code, stderr } = await pod(['cp', 'tree/file', to]);
    assert.is(code, 125, to);
    assert.match(
      stderr,
      new RegExp(`^Error: cannot copy tree/file to ${to}: .*Read-only file system\\n.*--read-only`),
      to,
    );
  }
});

test('owners are kept with -a, else they are root there and the user here; set-user-ID bits stay in', async () => {
  const sh = (script: string) => podOk(['exec', 'up-over', 'sh', '-c', script]);
  await sh('mkdir /own; echo x >/own/f; chown 7:8 /own/f; cp /bin/busybox /own/suid; chmod 4755 /own/suid');
  rmSync(here('own'), { recursive: true, force: true });
  assert.equal(await pod(['cp', 'up-over:/own', '.']), ended(0));
  assert.equal(
    [lstatSync(here('own/f')).uid, lstatSync(here('own/suid')).mode & 0o7777],
    [process.getuid!(), 0o755],
  );
  assert.equal(await pod(['cp', '-a', 'up-over:/own', 'kept']), ended(0));
  assert.not.equal(lstatSync(here('kept/f')).uid, process.getuid!());
  assert.equal(await pod(['cp', '-a', 'kept', 'up-over:/again']), ended(0));
  assert.is(await sh('stat -c %u:%g /again/f /again'), '7:8\n0:0');
  assert.equal(await pod(['cp', 'kept', 'up-over:/mine']), ended(0));
  assert.is(await sh('stat -c %u:%g /mine/f'), '0:0');
  assert.equal(await pod(['cp', '-a', 'up-over:/own', 'down-copy:/own']), ended(0));
  const archive = (await podBytes(['cp', 'down-copy:/own/f', '-'])).stdout;
  assert.match(
    (await command(['tar', 'tv', '--numeric-owner'], { input: archive })).stdout,
    /^-rw-r--r-- 7\/8 /,
  );
  await podOk(['unshare', 'rm', '-rf', here('kept')]);
});

test('tar streams go both ways, and GNU tar agrees', async () => {
  const archive = await podBytes(['cp', 'up-over:/etc', '-']);
  assert.is(archive.code, 0);
  mkdirSync(here('untar'));
  assert.equal(await command(['tar', 'xf', '-', '-C', 'untar'], { input: archive.stdout }), ended(0));
  assert.is(
    read('untar/etc/passwd'),
    await podOk(['exec', 'up-over', 'cat', '/etc/passwd']).then((text) => `${text}\n`),
  );
  const tar = tarOf([
    { name: 'in', mode: 0o700 },
    { name: 'in/f', content: 'streamed', uid: 9, gid: 10 },
  ]);
  assert.equal(await pod(['cp', '-', 'up-over:/v'], { input: tar }), ended(0));
  assert.is(
    await podOk(['exec', 'up-over', 'sh', '-c', 'cat /v/in/f; stat -c " %u %g" /v/in/f']),
    'streamed 9 10',
  );
  for (const name of ['../out', 'in/../../out']) {
    const hostile = await pod(['cp', '-', 'up-over:/v'], { input: tarOf([{ name, content: 'x' }]) });
    assert.is(hostile.code, 125);
    assert.match(hostile.stderr, /climbs above the root/);
  }
});

test('a paused container is copied from and to', async () => {
  await podOk(['run', '-d', '--name', 'still', '--network', 'none', BUSYBOX, 'sleep', '1000']);
  await podOk(['pause', 'still']);
  assert.equal(await pod(['cp', 'tree/file', 'still:/f']), ended(0));
  assert.equal(await pod(['cp', 'still:/f', 'from-still']), ended(0));
  assert.is(read('from-still'), 'data\n');
  await podOk(['rm', '-f', '-t', '0', 'still']).catch(() => podOk(['rm', '-f', 'still']));
});

test('holes stay holes', async () => {
  writeFileSync(here('sparse'), 'begin');
  truncateSync(here('sparse'), 3 * 2 ** 30);
  assert.equal(await pod(['cp', 'sparse', 'up-over:/sparse']), ended(0));
  assert.equal(await pod(['cp', 'up-over:/sparse', 'sparse-back']), ended(0));
  const about = statSync(here('sparse-back'));
  assert.is(about.size, 3 * 2 ** 30);
  assert.ok(about.blocks < 100, `${about.blocks} blocks`);
  assert.ok((await podBytes(['cp', 'up-over:/sparse', '-'])).stdout.length < 100_000);
});

test('what a container swaps while it is copied leads nowhere but into itself', async () => {
  const secret = here('secret');
  mkdirSync(secret);
  writeFileSync(join(secret, 'f'), 'secret of the host');
  mkdirSync(here('shared/t'), { recursive: true });
  // By the host's Python, which swaps faster than a shell does, and leaves the processors to those who copy.
  const swap = `import os, shutil, time
def quietly(act, *args):
    try: act(*args)
    except OSError: pass
def remove(path):
    quietly(os.unlink, path)
    shutil.rmtree(path, ignore_errors=True)
def directory(at):
    remove(at + '/t')
    quietly(os.mkdir, at + '/t')
    quietly(lambda: open(at + '/t/f', 'w').write('in'))
def link(at):
    quietly(os.rename, at + '/t', at + '/u')
    quietly(os.symlink, '${secret}', at + '/t')
    remove(at + '/u')
while True:
    for change in directory, link:
        for at in '/s', '/shared':
            change(at)
        time.sleep(0.0005)`;
  await podOk([
    ...['run', '-d', '--name', 'swaps', '--network', 'none', '-v', `${here('shared')}:/shared`, ...PYTHON],
    ...[BUSYBOX, 'sh', '-c', 'mkdir -p /s /w/t; echo given >/w/t/f; exec /usr/bin/python3 -c "$0"', swap],
  ]);
  mkdirSync(here('given/t'), { recursive: true });
  writeFileSync(here('given/t/f'), 'given by the user');
  for (let turn = 0; turn < 4; turn++) {
    // Whole trees, and paths that lead through what is swapped in the container.
    const copies: [from: string, to: string][] = [
      ['swaps:/s/t/f', 'taken'],
      ['swaps:/s', 'taken'],
      ['shared', 'swaps:/from-shared'],
      ['given/t', 'swaps:/s'],
      ['given/t/f', 'swaps:/s/t/f'],
      ['swaps:/w/t', 'shared'],
    ];
    for (const [from, to] of copies) {
      await pod(['cp', from, to]);
      const { stdout } = await command(['find', 'taken', '-type', 'f', '-exec', 'cat', '{}', '+']);
      assert.not.match(stdout, /secret/, `${from} ${to}`);
      rmSync(here('taken'), { recursive: true, force: true });
    }
  }
  const search = 'find /from-shared /s -type f -exec grep -l secret {} +';
  assert.is((await pod(['exec', 'swaps', 'sh', '-c', search])).stdout, '');
  await podOk(['rm', '-f', 'swaps']);
  assert.equal(readdirSync(secret), ['f']);
  assert.is(readFileSync(join(secret, 'f'), 'utf8'), 'secret of the host');
});

test.run();
