import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import * as assert from 'uvu/assert';
import { BUSYBOX, ended, remains, run, sh } from './container-lab.ts';
import { binary, command, environment, limitEachTest, pod, podOk, startPod, test } from './harness/index.ts';
import { sandbox } from './harness/sandbox.ts';

limitEachTest(240);

/** The bytes of a stream that repeats nothing within a megabyte: a lost or doubled piece changes the hash. */
function* noise(total: number): Generator<Buffer> {
  const block = Buffer.alloc(1 << 20);
  for (let at = 0; at < block.length; at += 4) block.writeUInt32LE((at * 2654435761) >>> 0, at);
  for (let done = 0; done < total; done += block.length) {
    block.writeUInt32LE(done >>> 20, 0);
    yield Buffer.from(block.subarray(0, Math.min(block.length, total - done)));
  }
}

function hashOf(total: number): string {
  const hash = createHash('md5');
  for (const piece of noise(total)) hash.update(piece);
  return hash.digest('hex');
}

/** As a shell does it: `script` has the binary as $POD. */
function shell(script: string, timeout?: number) {
  const env = { POD: binary, IMAGE: BUSYBOX };
  return command(['bash', '-c', script], timeout === undefined ? { env } : { env, timeout });
}

test('echo hi | run -i cat', async () => {
  assert.equal(await shell('echo hi | $POD run -i --rm --network none $IMAGE cat'), ended(0, 'hi\n'));
  assert.equal(remains(), []);
});

test('without -i the command reads the end of its input at once', async () => {
  assert.equal(await run([BUSYBOX, 'cat'], { input: 'not for it' }), ended(0));
  assert.equal(await run(['-i', BUSYBOX, 'cat']), ended(0));
});

test('two gigabytes go in and come out byte for byte, through pipes', async () => {
  const noise = 'head -c 2147483648 /dev/zero | openssl enc -aes-128-ctr -nosalt -pass pass:x 2>/dev/null';
  const ran = await shell(
    `set -o pipefail; ${noise} | $POD run -i --rm --network none $IMAGE cat | cmp - <(${noise}) && echo same`,
    200_000,
  );
  assert.equal(ran, ended(0, 'same\n'));
});

test('sockets as streams carry every byte as well', async () => {
  const size = 256 << 20;
  const expected = hashOf(size);
  const child = startPod(['run', '-i', '--rm', '--network', 'none', BUSYBOX, 'cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const hash = createHash('md5');
  child.stdout!.on('data', (piece: Buffer) => hash.update(piece));
  Readable.from(noise(size)).pipe(child.stdin!);
  const code = await new Promise((resolve) => child.on('close', resolve));
  assert.equal([code, hash.digest('hex')], [0, expected]);
});

test('a hundred megabytes through the log are whole too', async () => {
  const size = 100 << 20;
  const hash = createHash('md5');
  const child = startPod(
    ['run', '-i', '--network', 'none', '--name', 'logged', '--log-driver', 'k8s-file', BUSYBOX, 'cat'],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  child.stdout!.on('data', (piece: Buffer) => hash.update(piece));
  Readable.from(noise(size)).pipe(child.stdin!);
  const code = await new Promise((resolve) => child.on('close', resolve));
  assert.equal([code, hash.digest('hex')], [0, hashOf(size)]);
  await podOk(['rm', 'logged']);
});

test('who reads only the beginning ends the container, with and without a log', async () => {
  for (const flags of ['--rm', '--rm --log-driver k8s-file', '--rm --log-driver none'])
    assert.equal(
      await shell(`set -o pipefail; $POD run ${flags} --network none $IMAGE yes | head -n 2`),
      // Process 1 has no default action for SIGPIPE, pid_namespaces(7): yes sees the error of its write.
      ended(1, 'y\ny\n', 'yes: (null): Broken pipe\n'),
    );
  assert.equal(await shell('yes | $POD run -i --rm --network none $IMAGE head -n 1'), ended(0, 'y\n'));
});

test('streams that are closed are no error', async () => {
  assert.equal(await shell('$POD run --rm --network none $IMAGE true <&- >&- 2>&-'), ended(0));
  assert.equal(await shell('$POD run -i --rm --network none $IMAGE cat <&-'), ended(0));
  assert.equal(await shell('$POD run --rm --network none $IMAGE sh -c "echo x; exit 5" >&-'), ended(5));
});

test('output that a full disk has no room for is an error', async () => {
  for (const words of ['ps', 'version --format json', 'images --help'])
    assert.equal(
      await shell(`$POD ${words} >/dev/full`),
      ended(125, '', 'Error: cannot write to standard output: no space is left\n'),
    );
});

test("a command's output that a full disk has no room for is an error, too, whoever passes it on", async () => {
  const lost = ended(125, '', 'Error: cannot write to standard output: No space left on device\n');
  for (const words of [
    `run --rm ${BUSYBOX} echo hello`,
    `run --rm -t ${BUSYBOX} echo hello`,
    `run -a stdout --rm ${BUSYBOX} echo hello`,
    `run -d --name full ${BUSYBOX} sleep 100`,
    'exec full echo hello',
    'exec -t full echo hello',
  ])
    assert.equal(await shell(`$POD ${words} >/dev/full`), lost, words);
  assert.equal(
    await shell(`$POD run --rm ${BUSYBOX} sh -c 'echo hello; exit 3' 2>/dev/full`),
    ended(3, 'hello\n'),
  );
  assert.equal((await shell('$POD rm -f -t 0 full')).code, 0);
});

test('in a directory that is gone, what needs it says so', async () => {
  assert.equal(await shell('mkdir gone; cd gone; rmdir ../gone; $POD ps -q'), ended(0));
  assert.equal(
    await shell('mkdir gone; cd gone; rmdir ../gone; $POD build .'),
    ended(
      125,
      '',
      'Error: cannot tell which directory this is: it has been removed\ncd   # to one that is there\n',
    ),
  );
});

test('what is written last is not lost', async () => {
  const script = 'head -c 1000000 /dev/zero | tr "\\0" x; echo end >&2';
  for (const driver of ['passthrough', 'k8s-file', 'json-file']) {
    const ran = await sh(script, ['--log-driver', driver]);
    assert.equal({ ...ran, stdout: ran.stdout.length }, { ...ended(0), stdout: 1_000_000, stderr: 'end\n' });
  }
});

test('output comes while the command runs, not at its end', async () => {
  const child = startPod([
    'run',
    '-i',
    '--rm',
    '--network',
    'none',
    BUSYBOX,
    'sh',
    '-c',
    'echo ready; read x; echo $x',
  ]);
  const seen: string[] = [];
  await new Promise<void>((resolve) =>
    child.stdout!.on('data', (text: Buffer) => {
      seen.push(text.toString());
      resolve();
    }),
  );
  assert.equal(seen, ['ready\n']);
  child.stdin!.end('go\n');
  assert.is(await new Promise((resolve) => child.on('close', resolve)), 0);
  assert.equal(seen.join(''), 'ready\ngo\n');
});

test('the command has descriptors 0, 1 and 2 and no other, whatever the caller has open', async () => {
  const extra = openSync(sandbox.work, 'r');
  const list = 'ls /proc/self/fd; ls -l /proc/self/fd | grep -c -e memfd -e socket -e /dev/shm';
  for (const flags of [[], ['--log-driver', 'k8s-file'], ['--init']]) {
    const child = spawn(binary, ['run', '--rm', '--network', 'none', ...flags, BUSYBOX, 'sh', '-c', list], {
      env: environment,
      stdio: ['ignore', 'pipe', 'inherit', extra, extra],
    });
    let out = '';
    child.stdout!.on('data', (text) => (out += text));
    await new Promise((resolve) => child.on('close', resolve));
    // 3 is the directory that ls itself reads.
    assert.is(out, '0\n1\n2\n3\n0\n');
  }
  closeSync(extra);
});

test('a detached container gives nothing to hold on to', async () => {
  const id = await podOk([
    'run',
    '-d',
    '--network',
    'none',
    BUSYBOX,
    'sh',
    '-c',
    'ls /proc/self/fd; sleep 100',
  ]);
  // podOk ends only when nobody holds its pipes open.
  assert.match(id, /^[0-9a-f]{64}$/);
  assert.equal(await pod(['rm', '-f', id]), ended(0, `${id}\n`));
});

test('/dev/stdout and /dev/stderr can be opened again, also by another user', async () => {
  for (const user of ['0', '65534'])
    for (const driver of ['passthrough', 'k8s-file'])
      assert.equal(
        await sh(
          'echo out >/dev/stdout; echo err >/dev/stderr; cat /dev/stdin',
          ['-i', '--user', user, '--log-driver', driver],
          {
            input: 'in\n',
          },
        ),
        ended(0, 'out\nin\n', 'err\n'),
      );
});

test('files as streams are as they are', async () => {
  const file = join(sandbox.work, 'out');
  assert.equal(
    await shell(
      `echo first >${file}; $POD run --rm --network none $IMAGE echo second >>${file}; cat ${file}`,
    ),
    ended(0, 'first\nsecond\n'),
  );
  assert.equal(
    await shell(`seq 3 >${file}; { read a; $POD run -i --rm --network none $IMAGE cat; } <${file}`),
    ended(0, '2\n3\n'),
  );
});

test.run();
