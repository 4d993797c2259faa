import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { copyTo, folder, refusal, rootOf, select, tree } from './copy-lab.ts';
import { test } from './harness/index.ts';

test('COPY takes a file under its own name into a directory, and under a new one elsewhere', async () => {
  const context = folder('a.txt: one', 'b.txt: two');
  const root = await rootOf('mkdir there');
  await copyTo(root, await select(context, ['a.txt']), { destination: '/there' });
  await copyTo(root, await select(context, ['a.txt']), { destination: '/new' });
  await copyTo(root, await select(context, ['b.txt']), { destination: '/deep/er/' });
  await copyTo(root, await select(context, ['/../b.txt']), {
    destination: 'here',
    workingDirectory: '/work',
  });
  assert.equal(await tree(root), [
    'd 755 0:0 deep',
    'd 755 0:0 deep/er',
    'f 644 0:0 deep/er/b.txt : two',
    'f 644 0:0 new : one',
    'd 755 0:0 there',
    'f 644 0:0 there/a.txt : one',
    'd 755 0:0 work',
    'f 644 0:0 work/here : two',
  ]);
});

test('COPY of a directory takes what is in it, with links as links and hard links as such', async () => {
  const context = folder(
    'd/f: x',
    'd/sub/g: y',
    'd/out -> /etc/passwd',
    'd/up -> ../../..',
    'd/hard = d/f',
    'd/empty/',
  );
  const root = await rootOf();
  await copyTo(root, await select(context, ['d']), { destination: '/to' });
  assert.equal(await tree(root), [
    'd 755 0:0 to',
    'd 755 0:0 to/empty',
    'f 644 0:0 to/f : x',
    'f 644 0:0 to/hard : x',
    'l 777 0:0 to/out -> /etc/passwd',
    'd 755 0:0 to/sub',
    'f 644 0:0 to/sub/g : y',
    'l 777 0:0 to/up -> ../../..',
  ]);
});

test('COPY of a directory makes its destination, though nothing is to be in it', async () => {
  const context = folder('empty/', 'd/f: x');
  const root = await rootOf();
  await copyTo(root, await select(context, ['empty']), { destination: '/one/' });
  await copyTo(root, await select(context, ['e*']), { destination: '/two' });
  await copyTo(root, await select(context, ['d'], { exclude: ['f'] }), { destination: '/three' });
  await copyTo(root, await select(context, ['no*']), { destination: '/none/' });
  await copyTo(root, await select(context, ['no*'], { parents: true }), { destination: '/none/' });
  assert.equal(await tree(root), ['d 755 0:0 one', 'd 755 0:0 three', 'd 755 0:0 two']);
});

test('COPY keeps times and modes of files, and writes through links of the root below the root only', async () => {
  const context = folder('f: x', 'd/f: y');
  const root = await rootOf(
    'mkdir real; ln -s /real link; ln -s ../../../../real/deep dangling; chmod 700 real; touch -d @5 real',
  );
  await copyTo(root, await select(context, ['f']), { destination: '/link/' });
  await copyTo(root, await select(context, ['d']), { destination: '/dangling', time: 7 });
  const lines = (await tree(root, true)).map((line) => line.replace(/\.0+ /, ' '));
  assert.equal(lines.slice(3), [
    'd 755 0:0 7 real/deep',
    'f 644 0:0 1000000000 real/deep/f : y',
    'f 644 0:0 1000000000 real/f : x',
  ]);
  assert.match(lines[2]!, /^d 700 0:0 .* real$/);
});

test('--chown takes names of the root, numbers, and a number alone for both', async () => {
  const context = folder('f: x');
  const root = await rootOf(
    'mkdir etc; echo web:x:33:34::/:/bin/sh > etc/passwd; echo staff:x:50: > etc/group',
  );
  const owners = ['web', 'web:staff', '7', '7:staff', ':staff'];
  for (const [at, chown] of owners.entries())
    await copyTo(root, await select(context, ['f']), { destination: `/${at}/new/`, chown });
  assert.equal(
    (await tree(root))
      .filter((line) => line.startsWith('f') && !line.includes('etc'))
      .map((line) => line.split(' ')[2]),
    ['33:34', '33:50', '7:7', '7:50', '0:50'],
  );
  assert.ok((await tree(root)).includes('d 755 33:34 0/new'));
  const error = await refusal(
    copyTo(root, await select(context, ['f']), { destination: '/x', chown: 'nobody' }),
  );
  assert.is(error.message, 'the image has no user "nobody"');
});

test('--chmod is octal or symbolic, for directories too, and leaves links alone', async () => {
  const context = folder('d/f: x', 'd/s/', 'd/l -> f');
  const root = await rootOf();
  await copyTo(root, await select(context, ['d']), { destination: '/octal', chmod: '0750' });
  await copyTo(root, await select(context, ['d']), { destination: '/words', chmod: 'u=rwX,go=,g+s' });
  assert.equal(await tree(root), [
    'd 755 0:0 octal',
    'f 750 0:0 octal/f : x',
    'l 777 0:0 octal/l -> f',
    'd 750 0:0 octal/s',
    'd 755 0:0 words',
    'f 2600 0:0 words/f : x',
    'l 777 0:0 words/l -> f',
    'd 2700 0:0 words/s',
  ]);
});

test('wildcards match as Go has it, several sources need a directory', async () => {
  const context = folder(
    'a1.txt: 1',
    'a2.txt: 2',
    'b.txt: b',
    'd/a3.txt: 3',
    'a[.txt: odd',
    'dir.txt/in: in',
  );
  const root = await rootOf();
  await copyTo(root, await select(context, ['a?.txt']), { destination: '/q/' });
  await copyTo(root, await select(context, ['*/a[0-9].txt', 'a[[].txt']), { destination: '/c/' });
  await copyTo(root, await select(context, ['[^a]*.txt']), { destination: '/n/' });
  await copyTo(root, await select(context, ['nothing*']), { destination: '/none/' });
  assert.equal(
    (await tree(root)).map((line) => line.split(' ').slice(3).join(' ')),
    [
      'c',
      'c/a3.txt : 3',
      'c/a[.txt : odd',
      'n',
      'n/b.txt : b',
      'n/in : in',
      'q',
      'q/a1.txt : 1',
      'q/a2.txt : 2',
      'q/a[.txt : odd',
    ],
  );
  const error = await refusal(
    copyTo(root, await select(context, ['a1.txt', 'a2.txt']), { destination: '/x' }),
  );
  assert.is(
    `${error.message}: ${error.why}`,
    'cannot copy to /x: several files can only be copied into a directory',
  );
});

test('--parents keeps directories, from the pivot on, with their modes', async () => {
  const context = folder('x/a/1.txt: 1', 'x/a/b/2.txt: 2', 'x/c/3.md: 3', 'y/4.txt: 4');
  const root = await rootOf();
  await copyTo(root, await select(context, ['x/a/1.txt', './y/./4.txt'], { parents: true }), {
    destination: '/p',
  });
  await copyTo(root, await select(context, ['x/./**/*.txt'], { parents: true }), { destination: '/deep' });
  assert.equal(
    (await tree(root)).map((line) => line.split(' ').slice(3).join(' ')),
    [
      'deep',
      'deep/a',
      'deep/a/1.txt : 1',
      'deep/a/b',
      'deep/a/b/2.txt : 2',
      'p',
      'p/4.txt : 4',
      'p/x',
      'p/x/a',
      'p/x/a/1.txt : 1',
    ],
  );
});

test('a source that is not there, or leads out of the context, is refused', async () => {
  const context = folder(
    'out -> ../../../etc/passwd',
    'abs -> /etc/hostname',
    'loop -> loop',
    'in -> d',
    'd/f: x',
  );
  const refused = async (name: string) => {
    const { message, why, hint } = await refusal(select(context, [name]));
    return `${message}: ${why}; ${hint ?? ''}`;
  };
  assert.is(await refused('none'), 'cannot copy none: the build context has no none; ');
  assert.is(
    await refused('out'),
    "cannot copy out: the build context has no out; it is a symbolic link to ../../../etc/passwd, which isn't in the context",
  );
  assert.is(
    await refused('abs'),
    "cannot copy abs: the build context has no abs; it is a symbolic link to /etc/hostname, which isn't in the context",
  );
  assert.match(await refused('loop'), 'it is a symbolic link to loop');
  const root = await rootOf();
  await copyTo(root, await select(context, ['in']), { destination: '/' });
  assert.equal(await tree(root), ['f 644 0:0 f : x']);
});

test('a directory does not take the place of a file, nor a file that of a directory', async () => {
  const context = folder('a/x/f: x', 'b/x: file');
  const root = await rootOf('mkdir d; : > d/x; mkdir e e/x');
  assert.match(
    (await refusal(copyTo(root, await select(context, ['a']), { destination: '/d' }))).why!,
    'Not a directory',
  );
  assert.match(
    (await refusal(copyTo(root, await select(context, ['b']), { destination: '/e' }))).why!,
    'Is a directory',
  );
  assert.match(
    (await refusal(copyTo(root, await select(context, ['a']), { destination: '/d/x' }))).why!,
    'it is not a directory',
  );
  assert.match(
    (await refusal(copyTo(root, await select(context, ['b/x']), { destination: '/d/x/y' }))).why!,
    '/d/x is not a directory',
  );
});

test('the hash knows names, modes, targets and content, and no times', async () => {
  const hash = async (...lines: string[]) => (await select(folder(...lines), ['.'])).hash;
  const one = await hash('f: x', 'l -> f', 'd/g: y');
  assert.is(await hash('d/g: y', 'l -> f', 'f: x'), one);
  for (const other of [
    ['f: z', 'l -> f', 'd/g: y'],
    ['f: x', 'l -> d', 'd/g: y'],
    ['f: x', 'l -> f', 'd/h: y'],
    ['f: x', 'l -> f', 'd/g: y', 'e/'],
  ])
    assert.is.not(await hash(...other), one);
  const context = folder('f: x');
  const before = (await select(context, ['f'])).hash;
  const { chmodSync } = await import('node:fs');
  chmodSync(join(context, 'f'), 0o755);
  assert.is.not((await select(context, ['f'])).hash, before);
  assert.equal(readdirSync(context), ['f']);
});

test.run();
