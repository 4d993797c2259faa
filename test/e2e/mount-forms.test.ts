/** Every form of `-v`, `--mount` and `--tmpfs`: what the container's own list of mounts says of it; and what is refused. */
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { BUSYBOX, ended, run, sh } from './container-lab.ts';
import { podOk, sandbox, test } from './harness/index.ts';

const SRC = join(sandbox.work, 'src');
mkdirSync(join(SRC, 'sub'), { recursive: true });
writeFileSync(join(SRC, 'file'), 'x');

/** `/m OPTIONS FSTYPE` of the mounts at /m; of options only what a mount can be told. */
const LOOK =
  `while read -r a b c root at options rest; do case $at in /m*) set -- $rest; while [ "$1" != - ]; do shift; done
echo "$at $options $2"; done </proc/self/mountinfo; true`.replace('done </proc', 'esac; done </proc');

/** Flags; the words that the mount's options must have, and those that it must not; its file system (undefined: the source's). */
interface Form {
  flags: string[];
  has?: string;
  lacks?: string;
  type?: string;
}

const bind = (options: string) => ({ flags: ['-v', `${SRC}:/m${options}`] });
const mount = (text: string) => ({ flags: ['--mount', text] });
const FORMS: Form[] = [
  { ...bind(''), has: 'rw', lacks: 'nosuid nodev noexec' },
  { ...bind(':rw'), has: 'rw' },
  { ...bind(':ro'), has: 'ro' },
  { ...bind(':ro,z'), has: 'ro' },
  { ...bind(':Z'), has: 'rw' },
  { ...bind(':nosuid,nodev,noexec'), has: 'rw nosuid nodev noexec' },
  { ...bind(':relatime'), has: 'rw' },
  { ...bind(':private'), has: 'rw' },
  { ...bind(':bind,cached'), has: 'rw' },
  { ...bind(':O'), has: 'rw', type: 'overlay' },
  { ...bind(':O,ro'), has: 'ro' },
  { ...bind(':idmap'), has: 'rw', lacks: 'nosuid nodev', type: 'fuse.idmap' },
  { ...bind(':idmap,ro,nosuid,nodev,noexec'), has: 'ro nosuid nodev noexec', type: 'fuse.idmap' },
  { ...mount(`type=bind,source=${SRC},target=/m`), has: 'rw' },
  { ...mount(`type=bind,src=${SRC},dst=/m,readonly`), has: 'ro' },
  { ...mount(`type=bind,src=${SRC},dst=/m,ro=false`), has: 'rw' },
  { ...mount(`type=bind,src=${SRC},dst=/m,ro=true,bind-recursive=disabled`), has: 'ro' },
  { ...mount(`type=bind,src=${SRC},dst=/m,bind-propagation=rprivate,bind-nonrecursive=true`), has: 'rw' },
  { ...mount(`type=bind,src=${SRC},dst=/m,consistency=cached,relabel=shared`), has: 'rw' },
  { ...mount(`type=bind,src=${SRC}/made,dst=/m,bind-create-src=true`), has: 'rw' },
  { ...mount(`"type=bind","src=${SRC}","dst=/m"`), has: 'rw' },
  { flags: ['-v', '/m'], has: 'rw' },
  { flags: ['-v', 'named:/m'], has: 'rw' },
  { flags: ['-v', 'named:/m:ro,nocopy'], has: 'ro' },
  { flags: ['-v', 'named:/m:noexec,nosuid,nodev,U'], has: 'rw noexec nosuid nodev' },
  { flags: ['-v', 'named:/m:O'], has: 'rw', type: 'overlay' },
  { ...mount('type=volume,src=named,dst=/m,idmap=true'), has: 'rw', type: 'fuse.idmap' },
  { ...mount('type=volume,dst=/m'), has: 'rw' },
  { ...mount('src=named,dst=/m'), has: 'rw' },
  { ...mount('type=volume,src=named,dst=/m,volume-nocopy,ro'), has: 'ro' },
  { ...mount('type=volume,src=labelled,dst=/m,volume-label=a=b,volume-driver=local'), has: 'rw' },
  {
    ...mount('type=volume,src=inmem,dst=/m,volume-opt=type=tmpfs,"volume-opt=o=size=1m,noexec"'),
    has: 'rw noexec',
    type: 'tmpfs',
  },
  { ...mount('type=tmpfs,dst=/m'), has: 'rw nosuid nodev', type: 'tmpfs' },
  { ...mount('type=tmpfs,dst=/m,tmpfs-size=1m,tmpfs-mode=1700,noexec'), has: 'rw noexec', type: 'tmpfs' },
  { ...mount('type=tmpfs,dst=/m,ro'), has: 'ro', type: 'tmpfs' },
  { ...mount('type=ramfs,dst=/m'), has: 'rw', type: 'ramfs' },
  { ...mount(`type=image,src=${BUSYBOX},dst=/m`), has: 'ro' },
  { ...mount(`type=image,src=${BUSYBOX},dst=/m,rw=true`), has: 'rw', type: 'overlay' },
  { ...mount(`type=image,src=${BUSYBOX},dst=/m,image-subpath=etc`), has: 'ro' },
  { ...mount('type=devpts,dst=/m'), has: 'rw nosuid noexec', type: 'devpts' },
  { flags: ['--tmpfs', '/m'], has: 'rw nosuid nodev', type: 'tmpfs' },
  { flags: ['--tmpfs', '/m:size=1m,mode=700,noexec,ro'], has: 'ro noexec', type: 'tmpfs' },
  { flags: ['--tmpfs', '/m:exec,dev,suid'], has: 'rw', lacks: 'noexec nodev nosuid', type: 'tmpfs' },
];

test('each form is mounted as it says', async () => {
  const wrong: string[] = [];
  for (const { flags, has = '', lacks = '', type } of FORMS) {
    const ran = await sh(LOOK, flags);
    const [at = '', options = '', kind = ''] = ran.stdout.trimEnd().split('\n').at(-1)!.split(' ');
    const words = options.split(',');
    const good =
      ran.code === 0 &&
      ran.stderr === '' &&
      at === '/m' &&
      has.split(' ').every((word) => words.includes(word)) &&
      lacks.split(' ').every((word) => word === '' || !words.includes(word)) &&
      (type === undefined || kind.startsWith(type));
    if (!good) wrong.push(`${flags.join(' ')}: ${JSON.stringify(ran)}`);
  }
  assert.equal(wrong, []);
  await podOk(['volume', 'rm', 'named', 'labelled', 'inmem']);
});

test('a part of a volume is mounted by subpath; sizes and modes of memory are kept', async () => {
  assert.equal(await sh('mkdir /v/a; echo 1 >/v/a/f', ['-v', 'parts:/v']), ended(0));
  assert.equal(
    await sh('ls /m', ['--mount', 'type=volume,src=parts,dst=/m,volume-subpath=a']),
    ended(0, 'f\n'),
  );
  const look = 'stat -c %a /m; df -k /m | tail -n 1 | tr -s " " | cut -d " " -f 2';
  assert.equal(await sh(look, ['--tmpfs', '/m:size=2m,mode=1750']), ended(0, '1750\n2048\n'));
  assert.equal(
    await sh(look, ['--mount', 'type=tmpfs,dst=/m,tmpfs-size=1m,tmpfs-mode=700']),
    ended(0, '700\n1024\n'),
  );
  await podOk(['volume', 'rm', 'parts']);
});

test('what cannot be is refused, and says which part of the flag it is', async () => {
  const cases: [string[], RegExp][] = [
    [['-v', 'a:b:c:d'], /it is not SOURCE:PATH\[:OPTIONS\]/],
    [['-v', 'rel/ative:/m'], /what has a \/ is no name of a volume/],
    [['-v', 'named:rel'], /absolute/],
    [['-v', `${SRC}:/m:sometimes`], /unknown option "sometimes"/],
    [['-v', `${SRC}:/m:noatime`], /access times are kept is for only root of the host/],
    [['--mount', 'type=bind,dst=/m'], /the key "source" is missing/],
    [['--mount', `type=bind,src=${SRC}`], /the key "destination" is missing/],
    [['--mount', `type=nfs,src=${SRC},dst=/m`], /type=nfs: there is bind, volume/],
    [['--mount', 'type=tmpfs,dst=/m,tmpfs-mode=9'], /tmpfs-mode=9: it is no octal mode/],
    [['--mount', 'type=volume,src=x,dst=/m,volume-driver=nfs'], /volumes are local/],
    [['--mount', 'type=image,src=nope,dst=/m'], /it is not in the store/],
    [['-v', `${SRC}:/m`, '--tmpfs', '/m'], /two mounts for \/m/],
    [['-v', `${SRC}/nope:/m`], /nope on \/m: it does not exist\nmkdir -p /],
  ];
  for (const [flags, expected] of cases) {
    const ran = await run([...flags, BUSYBOX, 'true']);
    assert.is(ran.code, 125, flags.join(' '));
    assert.is(ran.stdout, '');
    assert.match(ran.stderr, expected);
    assert.ok(ran.stderr.split('\n').length <= 4, ran.stderr);
  }
});

test("U is refused for what is another's, with its owner and what helps", async () => {
  const { uid, gid } = statSync('/usr/share/doc');
  const me = `${process.getuid!()}:${process.getgid!()}`;
  const ran = await sh('true', ['-v', '/usr/share/doc:/m:U']);
  const why = `it belongs to uid ${uid}, gid ${gid}, which is neither you nor one of your subordinate ids`;
  const message = `Error: cannot give /usr/share/doc to the container's user: ${why}\n`;
  assert.equal(ran, ended(125, '', `${message}sudo chown -R ${me} /usr/share/doc   # or leave U out\n`));
});

test.run();
