import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { BUSYBOX, ended, remains, run, sh } from './container-lab.ts';
import { binary, command, pod, podOk, test } from './harness/index.ts';
import { sandbox } from './harness/sandbox.ts';

let count = 0;
function directory(files: Record<string, string> = {}): string {
  const path = join(sandbox.work, `dir${count++}`);
  mkdirSync(path);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
}
const volume = (name: string) => join(sandbox.data, 'volumes', name);
const OF_ETC = 'group\nnsswitch.conf\npasswd\nshadow\n';
const made = (flags: string[], script: string) =>
  podOk(['run', '-d', '--network', 'none', ...flags, BUSYBOX, 'sh', '-c', script]);

test('the first use of a volume copies what the image has there, with owner and mode', async () => {
  assert.equal(
    await sh('ls /etc | grep -v "^host\\|^resolv"; rm /etc/group', ['-v', 'first:/etc']),
    ended(0, OF_ETC),
  );
  assert.equal(
    await sh('ls /x; stat -c %a /x/shadow /x', ['-v', 'first:/x']),
    ended(0, 'hostname\nhosts\nnsswitch.conf\npasswd\nresolv.conf\nshadow\n640\n755\n'),
  );
  assert.equal(await sh('ls /tmp | wc -l; stat -c %a /tmp', ['-v', 'sticky:/tmp']), ended(0, '0\n1777\n'));
  assert.equal(await sh('ls /x', ['-v', 'bare:/x:nocopy', '-v', 'bare2:/y']), ended(0));
});

test('a new volume where the image has nothing belongs to the user of the container', async () => {
  const flags = ['-v', 'owned:/new/place', '--user', '7:8'];
  assert.equal(
    await sh('touch /new/place/f && stat -c %u:%g /new/place/f /new/place', flags),
    ended(0, '7:8\n7:8\n'),
  );
});

test('with other id maps the image content belongs to the same ids in the container', async () => {
  for (const mode of ['nomap', 'keep-id'])
    assert.equal(
      await sh('stat -c %u /x/passwd', [
        '--userns',
        mode,
        '--user',
        '0',
        '-v',
        `ids-${mode}:/etc`,
        '-v',
        `ids-${mode}:/x`,
      ]),
      ended(0, '0\n'),
      mode,
    );
});

test('a copy that was cut off is made again, and what others have added stays', async () => {
  await podOk(['volume', 'create', 'cut']);
  writeFileSync(join(volume('cut'), 'first-use'), 'x');
  writeFileSync(join(volume('cut'), '_data/passwd'), 'half');
  writeFileSync(join(volume('cut'), '_data/mine'), 'mine');
  assert.equal(
    await sh('head -c 5 /x/passwd; cat /x/mine', ['-v', 'cut:/etc', '-v', 'cut:/x']),
    ended(0, 'root:mine'),
  );
  assert.is(statSync(join(volume('cut'), 'first-use')).size, 0);
});

test('a first copy that finds no room fails the start, and is made again', async () => {
  const id = await made(
    [],
    'mkdir /data; head -c 900000 /dev/zero | tr "\\0" x >/data/big; echo 1 >/data/small',
  );
  await podOk(['wait', id]);
  await podOk(['commit', '-q', id, 'filled']);
  await podOk(['rm', id]);
  const args = ['run', '--rm', '--network', 'none', '-v', 'tight:/data', 'filled', 'true'];
  // No file may be larger, setrlimit(2): the copy ends in the middle of one.
  const ran = await command(['sh', '-c', 'ulimit -f 1000; exec "$@"', 'sh', binary, ...args]);
  assert.is(ran.code, 125);
  assert.match(
    ran.stderr,
    /^cannot copy \/big: File too large\nError: cannot copy what the image has in \/data into the volume\n/,
  );
  assert.is(statSync(join(volume('tight'), 'first-use')).size, 1);
  assert.equal(
    await run(['-v', 'tight:/data', 'filled', 'sh', '-c', 'wc -c </data/big; cat /data/small']),
    ended(0, '900000\n1\n'),
  );
  assert.is(statSync(join(volume('tight'), 'first-use')).size, 0);
  await podOk(['rmi', 'filled']);
});

test('a container that has emptied its volume finds it empty when it starts again', async () => {
  const id = await made(['-v', 'emptied:/usr'], 'ls /usr | wc -l; rm -rf /usr/*');
  await podOk(['wait', id]);
  await podOk(['start', id]);
  await podOk(['wait', id]);
  assert.is(await podOk(['logs', id]), '2\n0');
  await podOk(['rm', id]);
});

test('containers that first use a volume at once find it whole', async () => {
  const all = Array.from({ length: 4 }, () =>
    sh('cat /etc/group /etc/passwd /etc/shadow | wc -c', ['-v', 'race:/etc']),
  );
  const [first, ...others] = await Promise.all(all);
  assert.is(first!.code, 0);
  for (const other of others) assert.equal(other, first);
});

test('links in a volume are no way out of it', async () => {
  const outside = directory({ secret: 'host' });
  await podOk(['volume', 'create', 'links']);
  symlinkSync(outside, join(volume('links'), '_data/out'));
  symlinkSync('../../../../..', join(volume('links'), '_data/up'));
  const flags = (path: string) => ['--mount', `type=volume,src=links,dst=/x,subpath=${path}`];
  assert.equal(
    await run([...flags('out'), BUSYBOX, 'ls', '/x']),
    ended(
      125,
      '',
      `Error: cannot open out in ${volume('links')}/_data: No such file or directory\nthe mount was asked for by --mount type=volume,src=links,dst=/x,subpath=out\n`,
    ),
  );
  assert.equal(await run([...flags('up'), BUSYBOX, 'ls', '/x']), ended(0, 'out\nup\n'));
  // The copy goes over what is there: it must replace the link, not follow it.
  await podOk(['volume', 'create', 'cut2']);
  writeFileSync(join(volume('cut2'), 'first-use'), 'x');
  symlinkSync(join(outside, 'secret'), join(volume('cut2'), '_data/passwd'));
  assert.equal(await sh('head -c 5 /etc/passwd', ['-v', 'cut2:/etc']), ended(0, 'root:'));
  assert.is(readFileSync(join(outside, 'secret'), 'utf8'), 'host');
});

test('O takes changes and forgets them', async () => {
  const dir = directory({ file: 'old' });
  const flags = ['-v', `${dir}:/d:O`];
  const id = await made(flags, 'cat /d/*; echo new >/d/file; echo more >/d/more');
  await podOk(['wait', id]);
  await podOk(['start', id]);
  await podOk(['wait', id]);
  assert.is(await podOk(['logs', id]), 'oldold');
  assert.equal(readdirSync(dir), ['file']);
  await podOk(['rm', id]);
  assert.equal(
    await sh('touch /d/x', ['-v', `${dir}:/d:O,ro`]),
    ended(1, '', 'touch: /d/x: Read-only file system\n'),
  );
});

test('U gives files to the user of the container', async () => {
  const dir = directory({ file: 'x' });
  assert.equal(
    await sh('stat -c %u:%g /d /d/file; echo y >/d/file', ['-v', `${dir}:/d:U`, '--user', '5:6']),
    ended(0, '5:6\n5:6\n'),
  );
  assert.equal(await sh('stat -c %u /d/file', ['-v', `${dir}:/d:U`, '--userns', 'nomap']), ended(0, '0\n'));
  assert.equal(await sh('stat -c %u /d/file', ['-v', `${dir}:/d:U`]), ended(0, '0\n'));
  assert.is(statSync(join(dir, 'file')).uid, process.getuid!());
});

test('what nobody in the container owns is told, with the flags that help', async () => {
  const dir = directory();
  const ran = await sh('true', ['-v', `${dir}:/d`, '--userns', 'nomap']);
  assert.match(
    ran.stderr,
    new RegExp(`^Warning: ${dir} belongs to uid ${process.getuid!()}, .*keep-id.*\n$`),
  );
});

test('an image can be mounted, and written to for a while', async () => {
  assert.equal(
    await sh('ls /i/etc; touch /i/x', ['--mount', `type=image,src=${BUSYBOX},dst=/i`]),
    ended(1, OF_ETC, 'touch: /i/x: Read-only file system\n'),
  );
  const writable = `type=image,src=${BUSYBOX},dst=/i,rw=true,subpath=etc`;
  assert.equal(
    await sh('rm /i/group; ls /i', ['--mount', writable]),
    ended(0, OF_ETC.slice('group\n'.length)),
  );
  const id = await made(['--mount', `type=image,src=${BUSYBOX},dst=/i`], 'sleep 60');
  assert.is((await pod(['rmi', BUSYBOX])).code, 2);
  await podOk(['rm', '-f', id]);
});

test('a tmpfs begins with what the image has, unless told not to', async () => {
  assert.equal(await sh('cat /etc/group | wc -l', ['--tmpfs', '/etc']), await sh('cat /etc/group | wc -l'));
  assert.equal(
    await sh('ls /etc/group; touch /var/x', [
      '--mount',
      'type=tmpfs,dst=/etc,notmpcopyup',
      '--tmpfs',
      '/var:ro',
    ]),
    ended(1, '', 'ls: /etc/group: No such file or directory\ntouch: /var/x: Read-only file system\n'),
  );
  assert.equal(
    await sh('df -k /t | tail -1 | awk "{print \\$2}"; stat -c %a /t', [
      '--mount',
      'type=tmpfs,dst=/t,tmpfs-size=2m,tmpfs-mode=750',
    ]),
    ended(0, '2048\n750\n'),
  );
});

test('--read-only leaves /tmp to write to, unless told not to', async () => {
  const script = 'touch /tmp/x && echo ok; touch /x';
  const denied = 'touch: /x: Read-only file system\n';
  assert.equal(await sh(script, ['--read-only']), ended(1, 'ok\n', denied));
  assert.equal(
    await sh(script, ['--read-only', '--read-only-tmpfs=false']),
    ended(1, '', `touch: /tmp/x: Read-only file system\n${denied}`),
  );
});

test('--volumes-from shares volumes, and an anonymous one goes with its last user', async () => {
  const dir = directory();
  const a = await made(
    ['-v', '/anon', '-v', 'shared:/s', '-v', `${dir}:/b`],
    'echo 1 >/anon/f; echo 2 >/s/f; echo 3 >/b/f; sleep 60',
  );
  const b = await made(['--volumes-from', `${a}:ro`], 'true');
  await podOk(['wait', b]);
  assert.equal(await sh('cat /anon/f /s/f /b/f', ['--volumes-from', b]), ended(0, '1\n2\n3\n'));
  assert.is((await sh('touch /s/x', ['--volumes-from', b])).code, 1);
  const anonymous = () =>
    readdirSync(join(sandbox.data, 'volumes')).filter((name) => name.length === 64).length;
  const before = anonymous();
  await podOk(['rm', '-f', '-v', a]);
  assert.is(anonymous(), before);
  assert.equal(await sh('cat /anon/f', ['--volumes-from', b]), ended(0, '1\n'));
  assert.equal(
    await pod(['volume', 'rm', 'shared']),
    ended(
      2,
      '',
      `Error: cannot remove the volume shared: container ${await nameOf(b)} uses it\ntsc-pod rm ${await nameOf(b)}   # or volume rm --force, which removes the containers too\n`,
    ),
  );
  await podOk(['rm', '-v', b]);
  assert.is(anonymous(), before - 1);
  await podOk(['volume', 'rm', 'shared']);
});

const nameOf = (id: string) => podOk(['inspect', '--format', '{{.Name}}', id]);

test("an image's volumes are anonymous, kept by rm and removed by rm -v", async () => {
  const id = await made([], 'mkdir /data; echo of the image >/data/file');
  await podOk(['wait', id]);
  await podOk(['commit', '-q', '-c', 'VOLUME /data', id, 'with-volume']);
  await podOk(['rm', id]);
  const volumes = () => readdirSync(join(sandbox.data, 'volumes')).length;
  const before = volumes();
  const start = (flags: string[], script: string) => run([...flags, 'with-volume', 'sh', '-c', script]);
  assert.equal(
    await start([], 'cat /data/file; mount | grep -c " on /data "'),
    ended(0, 'of the image\n1\n'),
  );
  assert.is(volumes(), before);
  assert.equal(await start(['--image-volume', 'ignore'], 'mount | grep -c " on /data "'), ended(1, '0\n'));
  assert.equal(
    await start(['--image-volume', 'tmpfs'], 'cat /data/file; df /data | grep -c tmpfs'),
    ended(0, 'of the image\n1\n'),
  );
  const kept = await podOk(['run', '-d', '--network', 'none', 'with-volume', 'true']);
  await podOk(['wait', kept]);
  await podOk(['rm', kept]);
  assert.is(volumes(), before + 1);
  await podOk(['volume', 'prune', '-f']);
  assert.is(volumes(), before);
});

test('nothing is left of any of them', () => {
  assert.equal(remains(), []);
});

test.run();
