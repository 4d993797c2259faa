/** `image scp`: through a program ssh that runs the command here, with another store. */
import { mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { ended } from './container-lab.ts';
import { binary, environment, pod, podOk, sandbox, test } from './harness/index.ts';

const there = join(sandbox.work, 'there');
const bin = join(sandbox.work, 'bin');
const archive = join(sandbox.work, 'archive');
const words = join(sandbox.work, 'words');
for (const directory of [bin, join(bin, 'remote')]) mkdirSync(directory);
writeFileSync(
  join(bin, 'ssh'),
  `#!/bin/sh
printf '%s\\n' "$1" "$2" "$3" > ${words}
[ "$3" = junk ] && exec yes 2>/dev/null
[ "$3" = other ] && exec cat ${archive}
[ "$3" = sink ] && exec cat >/dev/null
[ "$3" = down ] && { echo 'ssh: no route' >&2; exit 255; }
PATH=${bin}/remote:/usr/bin:/bin
for last; do :; done
TSC_POD_ROOT=${there} exec sh -c "$last"
`,
  { mode: 0o755 },
);
symlinkSync(binary, join(bin, 'remote/tsc-pod'));
const env = { PATH: `${bin}:${environment.PATH}` };
const scp = (...args: string[]) => pod(['image', 'scp', ...args], { env });
const idOf = (name: string, ...flags: string[]) =>
  podOk([...flags, 'image', 'inspect', '-f', '{{.Id}}', name]);
const blob = (digest: string) => join(sandbox.data, 'images/blobs', digest.replace(':', '/'));
const remote = ['--root', there];

test('an image goes to the store of another machine, and comes back', async () => {
  const context = join(sandbox.work, 'context');
  mkdirSync(context);
  writeFileSync(join(context, 'Dockerfile'), 'FROM scratch\nCOPY Dockerfile /\n');
  await podOk(['build', '-q', '-t', 'localhost/mine:1', context]);
  const id = await idOf('mine:1');
  assert.equal(await scp('-q', 'mine:1', 'far::'), ended(0));
  const sent = await scp('mine:1', 'me@far.example::');
  assert.match(sent.stderr, /^[0-9a-f]{12}: Already exists\n$/); // said there
  assert.equal({ ...sent, stderr: '' }, ended(0, 'Loaded image: localhost/mine:1\n'));
  assert.is(readFileSync(words, 'utf8'), '-T\n--\nme@far.example\n');
  assert.is(await idOf('mine:1', ...remote), id);
  await podOk([...remote, 'tag', 'mine:1', 'localhost/theirs']);
  assert.equal(
    await scp('me@far.example::localhost/theirs'),
    ended(0, 'Loaded image: localhost/theirs:latest\n'),
  );
  assert.is(await idOf('localhost/theirs'), id);
});

test('names count that were asked for, whatever else the other machine calls the image', async () => {
  const mine = ['localhost/mine:1', 'docker.io/team/mine:1', 'docker.io/library/alpine', 'localhost/mine:2'];
  const id = await idOf('mine:1');
  for (const name of mine.slice(1)) await podOk(['tag', 'mine:1', name]);
  await podOk(['save', '-q', '-o', archive, ...mine]);
  const loaded = (name: string) => `Loaded image: ${name}\n`;
  for (const [asked, names] of [
    ['mine:1', [loaded('localhost/mine:1'), loaded('team/mine:1')]],
    ['team/mine:1', [loaded('team/mine:1')]],
    ['localhost/mine:2', [loaded('localhost/mine:2')]],
    ['ine:1', [`Loaded image ID: ${id}\n`]],
    [id, [`Loaded image ID: ${id}\n`]],
  ] as const) {
    await podOk(['rmi', '-f', id]);
    assert.equal(await scp(`other::${asked}`), ended(0, names.join('')), asked);
    assert.is((await pod(['image', 'exists', 'docker.io/library/alpine'])).code, 1);
  }
  await podOk(['tag', id, 'localhost/mine:1']);
});

test('what fails there is told, and nothing half-made stays', async () => {
  assert.equal(
    await scp('far::localhost/nosuch'),
    ended(
      125,
      '',
      'Error: no such image: localhost/nosuch\ntsc-pod images   # lists all images\nError: cannot copy by ssh far: it ended with 125\n',
    ),
  );
  assert.equal(
    await scp('mine:1', 'down::'),
    ended(125, '', 'ssh: no route\nError: cannot copy by ssh down: it ended with 255\n'),
  );
  const why =
    'cannot load what junk has sent: cannot read the tar archive: a number that is not octal, at byte 0';
  assert.equal(
    await scp('junk::localhost/mine'),
    ended(125, '', `Error: ${why}\nssh junk true   # has to print nothing\n`),
  );
  const none = join(sandbox.work, 'none');
  mkdirSync(none);
  assert.match(
    (await pod(['image', 'scp', 'mine:1', 'far::'], { env: { PATH: none } })).stderr,
    /^Error: cannot copy by ssh far: there is no program ssh\n/,
  );
});

test('what fails here is told itself, and ends what runs there', async () => {
  const [{ Digest }] = JSON.parse(await podOk(['image', 'inspect', 'mine:1']));
  const manifest = JSON.parse(readFileSync(blob(Digest), 'utf8'));
  const aside = join(sandbox.work, 'layer');
  const { digest } = manifest.layers[0];
  renameSync(blob(digest), aside);
  const ran = await scp('mine:1', 'sink::');
  renameSync(aside, blob(digest));
  const why = `cannot read blob ${digest} of the image store: it is missing`;
  assert.equal(ran, ended(125, '', `Error: ${why}\ntsc-pod system check --repair\n`));
});

test('no word of the command line is an option of ssh or read by a shell', async () => {
  for (const [args, why] of [
    [['mine:1', '-oProxyCommand=x::'], 'unknown shorthand'],
    [['--', 'mine:1', '-oProxyCommand=x::'], 'as a host: it takes user@host'],
    [['mine:1', 'a b::'], 'as a host'],
    [['mine:1', '$(x)::'], 'as a host'],
    [['far::$(touch x)'], 'invalid image reference'],
    [["far::a'b"], 'invalid image reference'],
    [['far::dir:/etc'], 'only images of its store'],
    [['mine:1'], 'no machine was named'],
    [['far::'], 'copied to one machine, or from one'],
    [['far::a', 'near::'], 'copied to one machine, or from one'],
    [['nosuch', 'far::'], 'no such image: nosuch'],
  ] as [string[], string][]) {
    const { code, stdout, stderr } = await scp(...args);
    assert.equal([code, stdout], [125, ''], args.join(' '));
    assert.ok(stderr.includes(why), `${args.join(' ')}: ${stderr}`);
  }
});

test.run();
