import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { BUSYBOX, ended, remains, run, sh } from './container-lab.ts';
import { podOk, test } from './harness/index.ts';
import { sandbox } from './harness/sandbox.ts';

const me = process.getuid!();
let count = 0;
/** An empty directory of the host. */
function directory(): string {
  const path = join(sandbox.work, `dir${count++}`);
  mkdirSync(path);
  return path;
}

test('files that are made in a bind mount belong to the user', async () => {
  const dir = directory();
  assert.equal(
    await sh('echo hi >/d/file; mkdir /d/sub; ls -ln /d | awk "NR>1{print \\$3, \\$4}"', ['-v', `${dir}:/d`]),
    ended(0, '0 0\n0 0\n'),
  );
  assert.equal([statSync(join(dir, 'file')).uid, readFileSync(join(dir, 'file'), 'utf8')], [me, 'hi\n']);
  assert.is(statSync(join(dir, 'sub')).uid, me);
});

test(':ro forbids writing, below nested mounts too', async () => {
  const dir = directory();
  writeFileSync(join(dir, 'file'), 'x');
  assert.equal(
    await sh('cat /d/file; echo y >/d/file', ['-v', `${dir}:/d:ro`]),
    ended(1, 'x', "sh: can't create /d/file: Read-only file system\n"),
  );
  assert.equal((await sh('mount -o remount,rw /d', ['-v', `${dir}:/d:ro`])).code, 1);
});

test('a single file can be mounted, over one of the image and where there is none', async () => {
  const dir = directory();
  writeFileSync(join(dir, 'f'), 'mine\n');
  assert.equal(
    await sh('cat /etc/passwd /new/deep/file', [
      '-v',
      `${dir}/f:/etc/passwd`,
      '-v',
      `${dir}/f:/new/deep/file:ro`,
    ]),
    ended(0, 'mine\nmine\n'),
  );
});

test('mounts inside mounts, in any order on the command line', async () => {
  const [outer, inner] = [directory(), directory()];
  writeFileSync(join(outer, 'o'), 'outer\n');
  writeFileSync(join(inner, 'i'), 'inner\n');
  const flags = ['-v', `${inner}:/a/b/c`, '-v', `${outer}:/a`, '--tmpfs', '/a/b'];
  assert.equal(await sh('cat /a/o /a/b/c/i; touch /a/b/gone', flags), ended(0, 'outer\ninner\n'));
  assert.equal(readdirSync(outer).sort(), ['b', 'o']);
  assert.equal(readdirSync(join(outer, 'b')), []);
});

test('a relative path and one with odd characters', async () => {
  const dir = directory();
  mkdirSync(join(dir, "a b'\n$x,"));
  writeFileSync(join(dir, "a b'\n$x,", 'f'), 'odd');
  assert.equal(await run(['-v', `./a b'\n$x,:/d`, BUSYBOX, 'cat', '/d/f'], { cwd: dir }), ended(0, 'odd'));
});

test('a named volume keeps what is written, an anonymous one goes with its container', async () => {
  assert.equal(await sh('echo kept >/v/file', ['-v', 'data:/v']), ended(0));
  assert.equal(await sh('cat /v/file', ['-v', 'data:/v:ro']), ended(0, 'kept\n'));
  assert.equal(await sh('echo x >/v/file', ['-v', '/v']), ended(0));
  assert.equal(readdirSync(join(sandbox.data, 'volumes')), ['data']);
  const id = await podOk(['run', '-d', '--network', 'none', '-v', '/v', BUSYBOX, 'true']);
  await podOk(['wait', id]);
  assert.is(readdirSync(join(sandbox.data, 'volumes')).length, 2);
  await podOk(['rm', '-v', id]);
  assert.equal(readdirSync(join(sandbox.data, 'volumes')), ['data']);
});

test('files of other owners in a volume can be removed again', async () => {
  const dir = directory();
  assert.equal(
    await sh('mkdir -m 700 /d/x; echo >/d/x/y; chown -R 1000:1000 /d/x', ['-v', `${dir}:/d`]),
    ended(0),
  );
  assert.is.not(statSync(join(dir, 'x')).uid, me);
  assert.equal(await sh('rm -r /d/x', ['-v', `${dir}:/d`]), ended(0));
  assert.not.ok(existsSync(join(dir, 'x')));
});

test('what a mount point is made of stays within the root, whatever links the image has', async () => {
  const dir = directory();
  // The container's own file system, from an earlier run of the same container, would be the way: a volume is one.
  symlinkSync('/', join(dir, 'root'));
  symlinkSync('../../../../../..', join(dir, 'up'));
  writeFileSync(join(sandbox.work, 'secret'), 'host');
  const ran = await sh('test -e /v/root/dev/shm && cat /mark/f /mark2/f', [
    ...[
      '-v',
      `${dir}:/v`,
      '--tmpfs',
      `/v/root${sandbox.work}/t`,
      '--tmpfs',
      '/v/up/mark:mode=755',
      '--tmpfs',
      '/v/root/mark2',
    ],
    ...['-v', `${directory()}:/v/up/bound`],
  ]);
  // All of them lead to places of the container, so that there is nothing in /mark.
  assert.equal(
    ran,
    ended(
      1,
      '',
      "cat: can't open '/mark/f': No such file or directory\ncat: can't open '/mark2/f': No such file or directory\n",
    ),
  );
  assert.equal(readdirSync(dir).sort(), ['root', 'up']);
  assert.not.ok(existsSync('/mark') || existsSync('/bound') || existsSync(join(sandbox.work, 't')));
});

test('--device gives a node of the host, and says what it can not', async () => {
  assert.equal(
    await sh('test -c /dev/fuse && : </dev/fuse && echo ok', ['--device', '/dev/fuse']),
    ended(0, 'ok\n'),
  );
  assert.equal(
    await sh('test -c /dev/other && echo ok; test -e /dev/fuse || echo not', [
      '--device',
      '/dev/fuse:/dev/other',
    ]),
    ended(0, 'ok\nnot\n'),
  );
  assert.is((await run(['--device', '/dev/no-such', BUSYBOX, 'true'])).code, 125);
  assert.is((await run(['--device', '/etc/passwd', BUSYBOX, 'true'])).code, 125);
});

test('nothing is left of any of them', () => {
  assert.equal(remains(), []);
});

test.run();
