import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { BUSYBOX, ended, remains, run, sh } from './container-lab.ts';
import { binary, command, pod, podOk, startPod, test } from './harness/index.ts';
import { sandbox } from './harness/sandbox.ts';

const volume = (name: string) => join(sandbox.data, 'volumes', name);
const made = (flags: string[], script: string) =>
  podOk(['run', '-d', '--network', 'none', ...flags, BUSYBOX, 'sh', '-c', script]);

/** An image with a volume's worth of files in /data. */
async function filledImage(name: string, script: string): Promise<void> {
  const id = await made([], script);
  await podOk(['wait', id]);
  await podOk(['commit', '-q', id, name]);
  await podOk(['rm', id]);
}

test('a first copy that is killed with SIGKILL is made again, whole', async () => {
  await filledImage(
    'many',
    'mkdir /data; cd /data; i=0; while [ $i -lt 3000 ]; do echo $i >f$i; i=$((i+1)); done',
  );
  const marker = join(volume('killed'), 'first-use');
  const cutOff = () => existsSync(marker) && statSync(marker).size === 1;
  for (let tries = 0; tries < 10 && !cutOff(); tries++) {
    await pod(['volume', 'rm', 'killed']);
    const child = startPod(['run', '--rm', '--network', 'none', '-v', 'killed:/data', 'many', 'true']);
    const closed = new Promise((resolve) => child.once('close', resolve));
    const deadline = Date.now() + 10_000;
    while (!cutOff() && Date.now() < deadline && child.exitCode === null)
      await new Promise((resolve) => setImmediate(resolve));
    process.kill(-child.pid!, 'SIGKILL');
    await closed;
  }
  assert.ok(cutOff());
  assert.equal(
    await run(['-v', 'killed:/data', 'many', 'sh', '-c', 'cat /data/f* | wc -l; cat /data/f2999']),
    ended(0, '3000\n2999\n'),
  );
  assert.is(statSync(marker).size, 0);
  await podOk(['rmi', 'many']);
});

test('a first copy that fills the disk fails the start, and is made again when there is room', async () => {
  const disk = join(sandbox.work, 'disk');
  mkdirSync(disk);
  const script = `
    mount -t tmpfs -o size=40m disk ${disk}; export TSC_POD_ROOT=${disk}/data
    $POD run --network none --name m ${BUSYBOX} sh -c 'mkdir /data; head -c 3000000 /dev/zero | tr "\\0" x >/data/big; echo 1 >/data/small'
    $POD commit -q m filled >/dev/null; $POD rm m >/dev/null
    head -c 100m /dev/zero >${disk}/ballast 2>/dev/null; truncate -s -1500000 ${disk}/ballast
    $POD run --rm --network none -v v:/data filled true 2>&1; echo "code $?"
    $POD ps -aq
    rm ${disk}/ballast
    $POD run --rm --network none -v v:/data filled sh -c 'wc -c </data/big; cat /data/small'; echo "code $?"`;
  const ran = await command(['unshare', '-Urm', 'sh', '-c', script], { env: { POD: binary } });
  const lines = ran.stdout.split('\n').filter((line) => !line.startsWith('Warning: '));
  assert.equal(
    lines.slice(-8),
    [
      'cannot copy /big: No space left on device',
      'Error: cannot copy what the image has in /data into the volume: the disk is full',
      'free some space: tsc-pod system prune',
      'code 125',
      '3000000',
      '1',
      'code 0',
      '',
    ],
    JSON.stringify(ran),
  );
});

test('a volume in memory that is too small for what the image has fails the start', async () => {
  await filledImage('big', 'mkdir /data; head -c 900000 /dev/zero >/data/big');
  await podOk(['volume', 'create', '-o', 'type=tmpfs', '-o', 'o=size=400k', 'small']);
  assert.equal(
    await run(['-v', 'small:/data', 'big', 'true']),
    ended(
      125,
      '',
      'cannot copy /big: No space left on device\n' +
        'Error: cannot copy what the image has in /data into the file system that is mounted there: the disk is full\n' +
        'free some space: tsc-pod system prune\n',
    ),
  );
  await podOk(['volume', 'rm', 'small']);
  await podOk(['rmi', 'big']);
});

test('a volume that is removed again and again while containers come and go is never taken from one', async () => {
  let over = false;
  const removing = (async () => {
    const codes = new Set<number | null>();
    while (!over) codes.add((await pod(['volume', 'rm', 'busy'])).code);
    return codes;
  })();
  const script = 'echo x >/v/f && cat /v/f && ls /v/f';
  for (let round = 0; round < 4; round++) {
    const both = await Promise.all([sh(script, ['-v', 'busy:/v']), sh(script, ['-v', 'busy:/v'])]);
    for (const ran of both) assert.equal(ran, ended(0, 'x\n/v/f\n'));
  }
  over = true;
  for (const code of await removing) assert.ok([0, 1, 2].includes(code!), String(code));
  const id = await made(['--name', 'user', '-v', 'busy:/v'], 'sleep 60');
  assert.equal(
    await pod(['volume', 'rm', 'busy']),
    ended(
      2,
      '',
      'Error: cannot remove the volume busy: container user uses it\n' +
        'tsc-pod rm user   # or volume rm --force, which removes the containers too\n',
    ),
  );
  await podOk(['rm', '-f', '-t', '0', id]);
  await podOk(['volume', 'rm', 'busy']);
});

/**
 * What swaps a directory of a shared volume for links out of it, as fast as it can. The directory is moved away, not
 * removed: who has found it has what is in it, however much later it is read.
 */
const SWAP = `cd /v; while :; do
  rm -rf s; [ -e real/etc/passwd ] || { mkdir -p real/etc; echo inside >real/etc/passwd; }
  mv real s; usleep 3000; rm -rf real; mv s real; rm -rf s
  for to in / ../../../../../.. ${sandbox.work}; do ln -s $to s; usleep 500; rm -f s; done; done`;

test('no mount escapes by links that a container swaps in a volume while another starts', async () => {
  const host = join(sandbox.work, 'host');
  mkdirSync(host);
  writeFileSync(join(host, 'mark'), 'of the host\n');
  const before = readdirSync('/');
  const swapper = await made(['-v', 'shared:/v'], SWAP);
  const outcomes = { started: 0, refused: 0 };
  for (let round = 0; round < 8 || (round < 60 && outcomes.started === 0); round++) {
    const ran = await sh('cat /t/mark /b/mark /etc/passwd 2>/dev/null | grep "of the host"; true', [
      ...[
        '-v',
        'shared:/v',
        '--tmpfs',
        '/v/s/t',
        '--mount',
        `type=image,src=${BUSYBOX},dst=/v/s/i,subpath=etc`,
      ],
      ...['-v', `${host}:/v/s/h:ro`, '-v', `${host}:/v/s/o:O`, '--tmpfs', '/v/s/r:ro'],
    ]);
    assert.ok(ran.code === 0 || ran.code === 125, JSON.stringify(ran));
    assert.is(ran.stdout, '');
    outcomes[ran.code === 0 ? 'started' : 'refused'] += 1;
  }
  assert.ok(outcomes.started > 0, JSON.stringify(outcomes));
  assert.equal(readdirSync('/'), before);
  assert.equal(readdirSync(host), ['mark']);
  assert.equal(readdirSync(sandbox.work).sort(), ['disk', 'host']);
  await podOk(['rm', '-f', '-t', '0', swapper]);
  await podOk(['volume', 'rm', 'shared']);
});

test('no subpath of a volume leads out of it, whatever is swapped meanwhile', async () => {
  const swapper = await made(['-v', 'shared:/v'], SWAP);
  const seen = new Set<string>();
  for (let round = 0; round < 12 || (round < 60 && !seen.has('inside\n')); round++) {
    const ran = await run([
      ...[
        '--mount',
        'type=volume,src=shared,dst=/x,subpath=s/etc',
        BUSYBOX,
        'sh',
        '-c',
        'cat /x/passwd 2>/dev/null; true',
      ],
    ]);
    assert.ok(ran.code === 0 || ran.code === 125, JSON.stringify(ran));
    seen.add(ran.stdout);
  }
  assert.ok(seen.delete('inside\n'));
  seen.delete('');
  assert.equal([...seen], []);
  assert.match(readFileSync('/etc/passwd', 'utf8'), /^root:/);
  await podOk(['rm', '-f', '-t', '0', swapper]);
  await podOk(['volume', 'rm', 'shared']);
});

test('nothing is left of any of them', () => {
  assert.equal(remains(), []);
});

test.run();
