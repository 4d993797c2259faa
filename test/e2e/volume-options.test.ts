import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { BUSYBOX, ended, remains, run, sh } from './container-lab.ts';
import { command, eventually, pod, podBytes, podOk, tarOf, test } from './harness/index.ts';
import { sandbox } from './harness/sandbox.ts';

const data = (name: string) => join(sandbox.data, 'volumes', name, '_data');
const host = join(sandbox.work, 'host');
mkdirSync(host);
const create = (...args: string[]) => podOk(['volume', 'create', ...args]);

test('export and import carry a volume with owners, links and modes, compressed or not', async () => {
  assert.equal(
    await sh('cd /v; echo hi >f; mkdir -m 750 d; chown 7:8 d; ln -s f l; ln f d/hard; mkfifo p', [
      '-v',
      'from:/v',
    ]),
    ended(0),
  );
  const { stdout: archive } = await podBytes(['volume', 'export', 'from']);
  const listed = await command(['tar', 'tf', '-'], { input: archive });
  assert.equal(listed.stdout.split('\n').sort(), ['', './', 'd/', 'd/hard', 'f', 'l', 'p']);
  await create('to');
  assert.equal(await pod(['volume', 'import', 'to', '-'], { input: archive }), ended(0));
  const look = 'cd /v; stat -c "%n %a %u:%g %h %F" f d l p d/hard; cat l';
  const same = await sh(look, ['-v', 'from:/v']);
  assert.is(
    same.stdout,
    'f 644 0:0 2 regular file\nd 750 7:8 2 directory\nl 777 0:0 1 symbolic link\np 644 0:0 1 fifo\nd/hard 644 0:0 2 regular file\nhi\n',
  );
  assert.equal(await sh(look, ['-v', 'to:/v']), same);
  const file = join(sandbox.work, 'v.tar');
  assert.equal(await pod(['volume', 'export', '-o', file, 'from']), ended(0));
  assert.equal(readFileSync(file), archive);
  await command(['gzip', file]);
  await create('zipped');
  assert.equal(await pod(['volume', 'import', 'zipped', `${file}.gz`]), ended(0));
  assert.equal(await sh(look, ['-v', 'zipped:/v']), same);
});

test('import merges, and what is in the archive wins', async () => {
  writeFileSync(join(data('to'), 'mine'), 'stays');
  writeFileSync(join(data('to'), 'f'), 'goes');
  const archive = tarOf([{ name: 'f', content: 'new' }]);
  assert.equal(await pod(['volume', 'import', 'to'], { input: Buffer.from(archive) }), ended(0));
  assert.equal(
    [readFileSync(join(data('to'), 'mine'), 'utf8'), readFileSync(join(data('to'), 'f'), 'utf8')],
    ['stays', 'new'],
  );
});

test('no archive writes outside of the volume, through links of its own or of the volume', async () => {
  symlinkSync(host, join(data('to'), 'out'));
  const tar = async (entries: Parameters<typeof tarOf>[0]) =>
    pod(['volume', 'import', 'to'], { input: Buffer.from(tarOf(entries)) });
  await tar([{ name: 'out/planted', content: 'x' }]);
  await tar([
    { name: 'link', type: 'symlink', target: host },
    { name: 'link/planted', content: 'x' },
  ]);
  assert.is((await tar([{ name: '../planted', content: 'x' }])).code, 125);
  assert.equal(readdirSync(host), []);
  assert.not.ok(readdirSync(join(sandbox.data, 'volumes/to')).includes('planted'));
});

test('an archive that is none, and a volume that is none, are refused', async () => {
  assert.is((await pod(['volume', 'import', 'to'], { input: 'no archive at all'.repeat(100) })).code, 125);
  const none = 'Error: no such volume: none\ntsc-pod volume ls   # lists all volumes\n';
  assert.equal(await pod(['volume', 'import', 'none'], { input: '' }), ended(1, '', none));
  assert.equal(await pod(['volume', 'export', 'none']), ended(1, '', none));
  assert.match(
    (await pod(['volume', 'import', 'to', '/no/such'])).stderr,
    /^Error: cannot read \/no\/such: no such file or directory\n/,
  );
});

test('a volume of memory has the size and owner that it was made with, and is empty at each start', async () => {
  await create('-o', 'type=tmpfs', '-o', 'device=tmpfs', '-o', 'o=size=2m,uid=7,mode=700', 'memory');
  const script = 'ls -A /m | wc -l; stat -c "%u %a" /m; df -k /m | tail -1 | awk "{print \\$2}"; touch /m/x';
  for (let start = 0; start < 2; start++)
    assert.equal(await sh(script, ['-v', 'memory:/m']), ended(0, '0\n7 700\n2048\n'));
  assert.equal(readdirSync(data('memory')), []);
  assert.equal(await sh('wc -l </etc/passwd', ['-v', 'memory:/etc']), await sh('wc -l </etc/passwd'));
  assert.equal(
    await pod(['volume', 'export', 'memory']),
    ended(
      125,
      '',
      'Error: cannot export the volume memory: it is a tmpfs: what is in it is only in the containers that run with it\n' +
        'tsc-pod cp CONTAINER:/path -   # copies it while the container runs\n',
    ),
  );
});

test('containers that run with a volume of memory share it, and the last takes it along', async () => {
  const start = (name: string, network: string) =>
    podOk(['run', '-d', '--name', name, '--network', network, '-v', 'memory:/m', BUSYBOX, 'sleep', '100']);
  await start('one', 'none');
  assert.equal(await sh('echo 2 >/other/two', ['-v', 'memory:/other']), ended(0));
  assert.equal(
    await sh('echo 3 >/m/three', ['-v', 'memory:/m:ro']),
    ended(1, '', "sh: can't create /m/three: Read-only file system\n"),
  );
  assert.is(await podOk(['exec', 'one', 'sh', '-c', 'cat /m/two; echo 1 >/m/one']), '2');
  // The network bridge has a user namespace of another kind.
  await start('two', 'bridge');
  await podOk(['rm', '-f', '-t0', 'one']);
  assert.equal(await sh('cat /m/*', ['-v', 'memory:/m']), ended(0, '1\n2\n'));
  await podOk(['rm', '-f', '-t0', 'two']);
  assert.equal(await sh('ls -A /m', ['-v', 'memory:/m']), ended(0));
});

test('of containers that start at once with a volume of memory, each sees what all write', async () => {
  const count = 6;
  const script = `echo x >/m/$HOSTNAME; until [ "$(ls /m | wc -l)" = ${count} ]; do sleep 0.1; done; echo all`;
  const ran = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      sh(script, ['-h', `c${index}`, '-v', 'memory:/m', '-v', 'other:/o']),
    ),
  );
  assert.equal(
    ran,
    Array.from({ length: count }, () => ended(0, 'all\n')),
  );
  await podOk(['volume', 'rm', 'other']);
});

test('a container cannot make another take anything but what is in memory', async () => {
  const swap = 'umount /m && mount --bind /bin /m && echo swapped; sleep 100';
  const flags = ['--cap-add', 'SYS_ADMIN', '--security-opt', 'seccomp=unconfined', '-v', 'memory:/m'];
  await podOk(['run', '-d', '--name', 'bad', '--network', 'none', ...flags, BUSYBOX, 'sh', '-c', swap]);
  await eventually(async () => (await podOk(['logs', 'bad'])) === 'swapped');
  assert.equal(await sh('ls -A /m', ['-v', 'memory:/m']), ended(0));
  await podOk(['rm', '-f', '-t0', 'bad']);
});

test('a volume can be a directory of the host, and what it asks for holds', async () => {
  await create('-o', 'type=none', '-o', `device=${host}`, '-o', 'o=bind', 'bound');
  assert.equal(await sh('echo x >/b/f', ['-v', 'bound:/b']), ended(0));
  assert.equal(readdirSync(host), ['f']);
  await create('-o', 'o=bind,ro', '-o', `device=${host}`, 'closed');
  assert.equal(
    await sh('cat /b/f; touch /b/g', ['-v', 'closed:/b']),
    ended(1, 'x\n', 'touch: /b/g: Read-only file system\n'),
  );
  assert.is(await podOk(['volume', 'mount', 'bound', 'from']), `${host}\n${data('from')}`);
  assert.is(await podOk(['volume', 'unmount', 'bound', 'from']), 'bound\nfrom');
  assert.is(await podOk(['volume', 'reload']), '');
  await create('-o', 'o=bind', '-o', 'device=/no/such/place', 'astray');
  assert.equal(
    await sh('true', ['-v', 'astray:/b']),
    ended(125, '', 'Error: cannot mount /no/such/place on /b: it does not exist\nmkdir -p /no/such/place\n'),
  );
  assert.equal(JSON.parse(await podOk(['volume', 'inspect', 'closed']))[0].Options, {
    device: host,
    o: 'bind,ro',
  });
});

test('options may come with the mount, and belong to a volume that is new', async () => {
  const mount =
    'type=volume,src=asked,dst=/m,volume-opt=type=tmpfs,"volume-opt=o=size=1m,mode=711",volume-label=a=b';
  assert.equal(await run(['--mount', mount, BUSYBOX, 'stat', '-c', '%a', '/m']), ended(0, '711\n'));
  assert.is(
    await podOk(['volume', 'inspect', '-f', '{{.Options.type}} {{.Options.o}} {{.Labels.a}}', 'asked']),
    'tmpfs size=1m,mode=711 b',
  );
  await create('-o', 'o=uid=5,gid=6', 'owned');
  assert.equal(await sh('stat -c %u:%g /m', ['-v', 'owned:/m']), ended(0, '5:6\n'));
});

test('what only root of the host can do is refused, with the reason', async () => {
  assert.equal(
    await pod(['volume', 'create', '-o', 'type=nfs', '-o', 'device=:/srv', '-o', 'o=addr=1.2.3.4', 'n']),
    ended(
      125,
      '',
      'Error: cannot make a volume with -o type=nfs: the kernel lets only root of the host mount nfs\n' +
        'sudo mount -t nfs :/srv /mnt   # and then: tsc-pod run -v /mnt:/path\n',
    ),
  );
  assert.equal(
    await pod(['volume', 'create', '-o', 'o=size=1g', 'n']),
    ended(
      125,
      '',
      'Error: cannot make a volume with -o o=size=1g: a limit for a directory is a quota, which only root of the host can set\n' +
        '-o type=tmpfs -o o=size=100m   # limits a volume in memory\n',
    ),
  );
  assert.equal(await pod(['volume', 'exists', 'n']), ended(1));
});

test('a source that the user may not have is refused, with its owner and where it is', async () => {
  const { uid, gid, mode } = statSync('/root');
  if ((mode & 0o007) !== 0) return;
  assert.equal(
    await sh('true', ['-v', '/root/x:/x']),
    ended(
      125,
      '',
      `Error: cannot mount /root/x on /x: you may not enter /root: it belongs to uid ${uid}, gid ${gid} (mode ${(mode & 0o7777).toString(8)})\n` +
        `setfacl -m u:${process.getuid!()}:x /root   # as its owner; no flag of a container gives more than you have\n`,
    ),
  );
});

test('nothing is left of any of them', () => {
  assert.equal(remains(), []);
});

test.run();
