import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { BUSYBOX, ended, remains, run } from './container-lab.ts';
import {
  binary,
  command,
  eventually,
  limitEachTest,
  pod,
  podOk,
  podTerminal,
  startPod,
  test,
} from './harness/index.ts';
import { sandbox } from './harness/sandbox.ts';
import { processesOf } from './harness/sweep.ts';

limitEachTest(90);
const runtime = join(sandbox.run, 'tsc-pod');

/** What the runtime directory says of the one container that runs: rootless/native/record.c. */
function running(): { pid: number; monitor: number } {
  const [name] = readdirSync(runtime).filter((entry) => /^[0-9a-f]{16}$/.test(entry));
  const [pid, , monitor] = readFileSync(join(runtime, name!, 'state'), 'utf8')
    .split(' ')
    .map(Number);
  return { pid: pid!, monitor: monitor! };
}

const lives = (pid: number) => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

/** No process, mount or file of a container is left. */
const nothing = () => eventually(() => remains().length === 0 && processesOf(sandbox.dir).length === 0);

const worlds: [string, string[]][] = [
  ['the kernel overlay', ['--network', 'none']],
  ['another user', ['--network', 'none', '--user', '65534']],
  ['an init', ['--network', 'none', '--init']],
  ['fuse-overlayfs', ['--network', 'none', '--storage-driver', 'fuse-overlayfs']],
  ['slirp4netns', []],
  ['no id of the user', ['--network', 'none', '--userns', 'nomap']],
];

for (const [what, flags] of worlds)
  test(`when the monitor is killed, so is the container: ${what}`, async () => {
    for (const mode of [[], ['-d'], ['--rm'], ['-d', '--rm'], ['-dt']]) {
      const child = startPod(['run', '--name', 'doomed', ...mode, ...flags, BUSYBOX, 'sleep', '1000']);
      const over = new Promise((resolve) => child.on('close', (code, signal) => resolve(signal ?? code)));
      const { pid, monitor } = await eventually(running);
      if (mode[0]?.startsWith('-d')) assert.is(await over, 0);
      process.kill(monitor, 'SIGKILL');
      await eventually(() => !lives(pid));
      await over;
      if (mode.includes('--rm')) {
        await eventually(async () => (await podOk(['ps', '-aq'])) === '');
      } else {
        assert.equal(await podOk(['ps', '-q']), '');
        assert.match(
          await podOk(['ps', '-a', '--format', '{{.Names}} {{.Status}}']),
          /^doomed Exited \(137\)/,
        );
        assert.match(
          await podOk([
            'inspect',
            '--format',
            '{{.State.Status}} {{.State.ExitCode}} {{.State.Error}}',
            'doomed',
          ]),
          /^exited 137 ./,
        );
        assert.equal(await pod(['wait', 'doomed']), ended(0, '137\n'));
        assert.is((await pod(['exec', 'doomed', 'true'])).code, 125);
        assert.equal(await pod(['rm', 'doomed']), ended(0, 'doomed\n'));
      }
      // A later command takes what is left, and the name is free.
      assert.equal(await run(['--name', 'doomed', BUSYBOX, 'true']), ended(0));
      await nothing();
    }
  });

test('when the CLI that is attached to a terminal is killed, the container goes on', async () => {
  const tty = podTerminal([
    'run',
    '-it',
    '--network',
    'none',
    '--name',
    'kept',
    BUSYBOX,
    'sh',
    '-c',
    'echo up; sleep 1000',
  ]);
  await tty.until('up');
  tty.signal('SIGKILL');
  await tty.end();
  assert.equal(await podOk(['inspect', '--format', '{{.State.Status}}', 'kept']), 'running');
  await podOk(['rm', '-f', 'kept']);
  await nothing();
});

test('a reboot: what ran has ended, what was kept is there', async () => {
  await podOk([
    'run',
    '-d',
    '--network',
    'none',
    '--name',
    'before',
    '-v',
    'kept:/v',
    BUSYBOX,
    'sh',
    '-c',
    'echo data >/v/f; echo logged; sleep 1000',
  ]);
  await pod(['run', '--network', 'none', '--name', 'ended', BUSYBOX, 'sh', '-c', 'exit 3']);
  await podOk(['run', '-d', '--rm', '--network', 'none', '--name', 'temporary', BUSYBOX, 'sleep', '1000']);
  await eventually(async () => (await podOk(['logs', 'before'])) === 'logged');
  for (const { pid } of processesOf(sandbox.dir)) process.kill(pid, 'SIGKILL');
  await eventually(() => processesOf(sandbox.dir).length === 0);
  rmSync(runtime, { recursive: true });
  assert.equal(
    (await podOk(['ps', '-a', '--format', '{{.Names}} {{.Status}}']))
      .replace(/ \d+ \w+ ago|Less than a second ago/g, '')
      .split('\n')
      .map((line) => line.split(' ').slice(0, 3).join(' '))
      .sort(),
    ['before Exited (137)', 'ended Exited (3)'],
  );
  assert.equal(await podOk(['logs', 'before']), 'logged');
  assert.equal(await run(['-v', 'kept:/v', BUSYBOX, 'cat', '/v/f']), ended(0, 'data\n'));
  await podOk(['rm', 'before', 'ended']);
  await nothing();
});

test('whenever a run is killed, the next commands work and nothing is left', async () => {
  await Promise.all(
    Array.from({ length: 24 }, async (_, n) => {
      const child = startPod([
        'run',
        '--rm',
        '--network',
        'none',
        '--name',
        `cut${n % 6}`,
        BUSYBOX,
        'sleep',
        '1000',
      ]);
      const over = new Promise((resolve) => child.on('close', resolve));
      setTimeout(() => child.kill('SIGKILL'), n * 15);
      await over;
    }),
  );
  assert.is((await pod(['ps', '-a'])).code, 0);
  for (let n = 0; n < 6; n++)
    assert.equal(await run(['--name', `cut${n}`, BUSYBOX, 'echo', 'ok']), ended(0, 'ok\n'));
  await eventually(async () => {
    await podOk(['ps', '-a']);
    await run([BUSYBOX, 'true']);
    return remains().length === 0;
  });
  await nothing();
});

test('a full disk is said, and nothing half-made stays', async () => {
  const disk = join(sandbox.work, 'disk');
  mkdirSync(disk);
  const tiny = (size: string, script: string) =>
    command(
      [
        'unshare',
        '-Urm',
        'sh',
        '-c',
        `mount -t tmpfs -o size=${size} disk ${disk} && export TSC_POD_ROOT=${disk}/data && ${script}`,
      ],
      {
        env: { POD: binary },
      },
    );
  // Sizes at which the launcher, the image's blobs, its layer, or the container don't fit.
  for (const size of ['0k,nr_inodes=3', '64k', '300k', '1m', '1500k', '2m', '2200k']) {
    const ran = await tiny(
      size,
      `$POD run --rm --network none ${BUSYBOX} true 2>&1; echo "code $?"; ls ${disk}/data/containers ${disk}/data/names 2>/dev/null | grep -c "[0-9a-f]\\{12\\}"`,
    );
    const lines = ran.stdout.trim().split('\n');
    const code = lines.find((line) => line.startsWith('code '));
    if (code === 'code 0') continue;
    assert.is(code, 'code 125', JSON.stringify([size, ran]));
    assert.match(ran.stdout, /^Error: [^\n]*(no space|disk|space left)/im, JSON.stringify([size, ran]));
    assert.not.match(ran.stdout, /bug in tsc-pod/);
    assert.is(lines.at(-1), '0', JSON.stringify([size, ran]));
  }
  // A container that fills the disk sees the error itself; all about it still works, and it can be removed.
  const filled = await tiny(
    '16m',
    `$POD run --network none --name full ${BUSYBOX} sh -c 'head -c 100m /dev/zero >/big; echo $?; exit 4' 2>/dev/null; echo "code $?"; $POD ps -a --format '{{.Names}} {{.ExitCode}}'; $POD rm full; ls ${disk}/data/containers | wc -l`,
  );
  assert.equal([filled.code, filled.stdout], [0, '1\ncode 4\nfull 4\nfull\n0\n'], JSON.stringify(filled));
});

test.run();
