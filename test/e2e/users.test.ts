import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { hostIdMap } from '../../rootless/id-map.ts';
import { BUSYBOX, ended, remains, run, sh } from './container-lab.ts';
import { podOk, test } from './harness/index.ts';
import { sandbox } from './harness/sandbox.ts';

const me = { uid: process.getuid!(), gid: process.getgid!() };

/** The lines of an id map, without their padding. */
async function mapOf(flags: string[], file = 'uid_map'): Promise<string> {
  const ran = await sh(`cat /proc/self/${file}`, flags);
  assert.equal([ran.code, ran.stderr], [0, '']);
  return ran.stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).join(' '))
    .join(', ');
}

const [, range] = hostIdMap().uid;

test('root of the container is the user, its other ids are the subordinate ones', async () => {
  assert.equal(await mapOf([]), `0 ${me.uid} 1, 1 ${range!.host} ${range!.size}`);
  assert.equal(await sh('id'), ended(0, 'uid=0(root) gid=0(root)\n'));
});

test('--user by name, number and both; groups come along or by --group-add', async () => {
  assert.equal(await sh('id -u; id -g; echo $HOME', ['--user', 'nobody']), ended(0, '65534\n65534\n/home\n'));
  assert.equal(await sh('id -u; id -g', ['--user', '1234']), ended(0, '1234\n0\n'));
  assert.equal(
    await sh('id -u; id -g; id -G', ['--user', '1:2', '--group-add', '7', '--group-add', 'nogroup']),
    ended(0, '1\n2\n2 7 65534\n'),
  );
  assert.equal(
    await run(['--user', '70000', BUSYBOX, 'true']).then((ran) => [ran.code, ran.stderr.includes('70000')]),
    [125, true],
  );
  assert.is((await run(['--user', '0:nogroupofthatname', BUSYBOX, 'true'])).code, 125);
});

test('a user who is not root has no capability and gets none back by a set-uid program without it', async () => {
  assert.equal(
    await sh('grep -E "Cap(Eff|Prm|Inh|Amb)" /proc/self/status', ['--user', '65534']),
    ended(0, ['Inh', 'Prm', 'Eff', 'Amb'].map((set) => `Cap${set}:\t0000000000000000\n`).join('')),
  );
});

test('--userns keep-id: the same user inside and outside', async () => {
  const dir = join(sandbox.work, 'keep');
  mkdirSync(dir);
  assert.equal(
    await sh('id -u; id -g; touch /d/file; stat -c "%u %g" /d', ['--userns', 'keep-id', '-v', `${dir}:/d`]),
    ended(0, `${me.uid}\n${me.gid}\n${me.uid} ${me.gid}\n`),
  );
  assert.is(statSync(join(dir, 'file')).uid, me.uid);
  assert.equal(
    await sh('id -u; stat -c %u /bin/busybox', ['--userns', 'keep-id', '--user', '0']),
    ended(0, '0\n0\n'),
  );
  assert.equal(await sh('id -u', ['--userns', 'keep-id:uid=200,gid=300']), ended(0, '200\n'));
});

test("--userns nomap: the user's own id is not inside", async () => {
  assert.equal(await mapOf(['--userns', 'nomap']), `0 ${range!.host} ${range!.size}`);
  assert.equal(await sh('id -u; stat -c %u /bin/busybox', ['--userns', 'nomap']), ended(0, '0\n0\n'));
});

test("a container without the user's own id has its network, files and commands, and goes as any other", async () => {
  const dir = join(sandbox.work, 'public');
  mkdirSync(dir, { mode: 0o777 });
  chmodSync(dir, 0o777);
  const id = await podOk([
    'run',
    '-d',
    '--userns',
    'nomap',
    '-v',
    `${dir}:/d`,
    '--user',
    '5',
    BUSYBOX,
    'sleep',
    '1000',
  ]);
  assert.equal(
    await podOk(['exec', id, 'sh', '-c', 'id -u; touch /d/file; cat /etc/hostname; ls /sys/class/net']),
    `5\n${id.slice(0, 12)}\nlo\ntap0`,
  );
  assert.is(statSync(join(dir, 'file')).uid, range!.host + 5);
  assert.equal(await sh('rm /d/file', ['-v', `${dir}:/d`]), ended(0));
  await podOk(['rm', '-f', id]);
  assert.equal(remains(), []);
});

test('--userns auto takes a part of the range that nobody has', async () => {
  const map = await mapOf(['--userns', 'auto:size=1000']);
  const [inside, outside, size] = map.split(' ').map(Number);
  assert.equal([inside, size], [0, 1000]);
  assert.ok(outside! >= range!.host && outside! + size! <= range!.host + range!.size);
  assert.equal(
    await sh('id -u; stat -c %u /bin/busybox', ['--userns', 'auto:size=1000']),
    ended(0, '0\n0\n'),
  );
});

test('explicit maps are taken as they are', async () => {
  assert.equal(await mapOf(['--uidmap', '0:1:1000', '--gidmap', '0:1:1000']), `0 ${range!.host} 1000`);
  assert.equal(
    await mapOf(['--uidmap', '0:1:1000', '--gidmap', '0:1:1000'], 'gid_map'),
    `0 ${hostIdMap().gid[1]!.host} 1000`,
  );
  assert.equal(
    await sh('id -u; stat -c %u /bin/busybox', ['--uidmap', '0:1:1000', '--gidmap', '0:1:1000']),
    ended(0, '0\n0\n'),
  );
  assert.is((await run(['--uidmap', '0:0:99999999', BUSYBOX, 'true'])).code, 125);
});

test('--cap-add, --cap-drop, --privileged: the sets are exactly what was asked', async () => {
  const sets = async (...flags: string[]) => {
    const ran = await sh('grep -E "Cap(Eff|Bnd)" /proc/self/status', flags);
    assert.is(ran.code, 0);
    return [...new Set(ran.stdout.match(/[0-9a-f]{16}/g))];
  };
  const standard = await sets();
  assert.is(standard.length, 1);
  // chown dac_override fowner fsetid kill setgid setuid setpcap net_bind_service sys_chroot setfcap, and what the default adds.
  const bits = BigInt(`0x${standard[0]}`);
  for (const bit of [0, 1, 3, 4, 5, 6, 7, 8, 10, 31])
    assert.ok((bits >> BigInt(bit)) & 1n, `capability ${bit}`);
  for (const bit of [2, 9, 12, 14, 16, 17, 19, 21, 23, 25, 37, 38, 39])
    assert.not.ok((bits >> BigInt(bit)) & 1n, `capability ${bit}`);
  assert.equal(await sets('--cap-drop', 'ALL'), ['0000000000000000']);
  assert.equal(await sets('--cap-drop', 'all', '--cap-add', 'SYS_PTRACE'), ['0000000000080000']);
  assert.equal(await sets('--cap-add', 'CAP_SYS_ADMIN'), [
    (bits | (1n << 21n)).toString(16).padStart(16, '0'),
  ]);
  const all = (1n << BigInt(Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8')) + 1)) - 1n;
  assert.equal(await sets('--privileged'), [all.toString(16).padStart(16, '0')]);
  assert.is((await run(['--cap-add', 'NOPE', BUSYBOX, 'true'])).code, 125);
});

test('processes are seen from outside as the mapped user', async () => {
  assert.ok(execFileSync('id', ['-u'], { encoding: 'utf8' }).trim() === String(me.uid));
  const ran = await sh('stat -c %u /proc/1', ['--user', '100']);
  assert.equal(ran, ended(0, '100\n'));
});

test.run();
