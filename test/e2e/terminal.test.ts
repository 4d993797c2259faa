import * as assert from 'uvu/assert';
import { BUSYBOX, ended } from './container-lab.ts';
import { binary, eventually, pod, podOk, podTerminal, startPod, terminal, test } from './harness/index.ts';

const plain = ['--network', 'none'];
const run = (...args: string[]) => podTerminal(['run', '--rm', '-it', ...plain, ...args]);

test('a shell echoes, answers and gives its exit code', async () => {
  const tty = run(BUSYBOX, 'sh');
  await tty.until('# ');
  tty.send('echo $((6*7)); tty; test -t 0 && test -t 1 && test -t 2 && echo all\r');
  await tty.until(/\n42\r\n\/dev\/pts\/0\r\nall\r\n/);
  tty.send('exit 9\r');
  assert.equal(await tty.end(), { code: 9, signal: null });
});

test('^C interrupts the command in front, not the container', async () => {
  const tty = run(BUSYBOX, 'sh');
  await tty.until('# ');
  tty.send('sh -c "echo run\'\'ning; exec sleep 100"\r');
  await tty.until('running');
  tty.send('\x03');
  await tty.until('# ');
  tty.send('echo code $?\r');
  await tty.until(/\ncode 130\r\n/);
  tty.send('exit 130\r');
  assert.equal(await tty.end(), { code: 130, signal: null });
});

test('^P^Q detaches: the container runs on and can be stopped', async () => {
  const tty = podTerminal(['run', '-it', ...plain, '--name', 'detached', BUSYBOX, 'sh']);
  await tty.until('# ');
  tty.send('\x10\x11');
  assert.equal(await tty.end(), { code: 0, signal: null });
  assert.equal(await podOk(['inspect', '--format', '{{.State.Status}}', 'detached']), 'running');
  assert.equal(await pod(['stop', '-t', '0', 'detached']), ended(0, 'detached\n'));
  assert.equal(
    await podOk(['inspect', '--format', '{{.State.Status}} {{.State.ExitCode}}', 'detached']),
    'exited 137',
  );
  await podOk(['rm', 'detached']);
});

test('a ^P that no ^Q follows arrives', async () => {
  const tty = run(
    BUSYBOX,
    'sh',
    '-c',
    'stty raw -echo; echo ready; dd bs=1 count=3 2>/dev/null | od -An -tx1',
  );
  await tty.until('ready');
  tty.send('\x10\x10a');
  await tty.until('10 10 61');
  assert.equal(await tty.end(), { code: 0, signal: null });
});

test('--detach-keys are other keys', async () => {
  const tty = podTerminal([
    'run',
    '-it',
    ...plain,
    '--name',
    'keys',
    '--detach-keys',
    'ctrl-x,y',
    BUSYBOX,
    'sh',
  ]);
  await tty.until('# ');
  tty.send('\x18y');
  assert.equal(await tty.end(), { code: 0, signal: null });
  await podOk(['rm', '-f', 'keys']);
});

test('the window has the size of the caller from the beginning and follows it', async () => {
  const tty = podTerminal(
    [
      'run',
      '--rm',
      '-it',
      ...plain,
      BUSYBOX,
      'sh',
      '-c',
      'trap "stty size; exit 4" WINCH; stty size; while :; do sleep 0.05; done',
    ],
    { rows: 33, cols: 99 },
  );
  await tty.until('33 99');
  tty.resize(40, 120);
  await tty.until('40 120');
  assert.equal(await tty.end(), { code: 4, signal: null });
});

test("the caller's terminal is as it was, at the end and after detaching", async () => {
  const state = 'stty -a | tr "\\n" " " | md5sum';
  for (const [command, keys] of [
    ['exit 0', ''],
    ['sleep 100', '\x10\x11'],
  ] as const) {
    const tty = terminal([
      'bash',
      '-c',
      `before=$(${state}); ${binary} run -it --name raw ${plain.join(' ')} ${BUSYBOX} sh -c 'echo up; ${command}'; echo code $?; test "$before" = "$(${state})" && echo same`,
    ]);
    await tty.until('up');
    if (keys) tty.send(keys);
    await tty.until(/code 0\r\nsame\r\n/);
    await tty.end();
    await podOk(['rm', '-f', 'raw']);
  }
});

test('-t without -i: a terminal that nothing is typed into', async () => {
  const ran = await pod(['run', '--rm', '-t', ...plain, BUSYBOX, 'sh', '-c', 'tty; echo err >&2; exit 3'], {
    input: 'typed',
  });
  assert.equal(ran, ended(3, '/dev/pts/0\r\nerr\r\n'));
});

test('-it without a terminal around: bytes go through, what is typed ends', async () => {
  const ran = await pod(['run', '--rm', '-i', '-t', ...plain, BUSYBOX, 'sh', '-c', 'read x; echo got $x'], {
    input: 'line\n',
  });
  assert.equal([ran.code, ran.stdout.includes('got line\r\n'), ran.stderr], [0, true, '']);
});

test('-it without a terminal around: the end of the input ends a program that reads on', async () => {
  await podOk(['run', '-d', '--name', 'reader', ...plain, BUSYBOX, 'sleep', '1000']);
  for (const command of [
    ['run', '--rm', '-it', ...plain, BUSYBOX, 'cat'],
    ['exec', '-it', 'reader', 'cat'],
  ])
    for (const input of ['line\n', 'no newline', '']) {
      const { code, stdout, stderr } = await pod(command, { input, timeout: 30_000 });
      assert.equal([code, stderr], [0, '']);
      assert.match(stdout, input.trim());
    }
  await podOk(['rm', '-f', '-t', '0', 'reader']);
});

/** Feeds 300 000 bytes to a command that writes them back before it reads on; gives how many came back. */
async function paste(args: string[]): Promise<number> {
  const script = 'stty raw -echo; echo ready; head -c 300000 | tee /dev/tty >/dev/null';
  const child = startPod([...args, 'sh', '-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  let shown = '';
  child.stdout!.setEncoding('latin1').on('data', (text: string) => (shown += text));
  await eventually(() => shown.includes('ready\n'));
  child.stdin!.write('x'.repeat(300_000));
  await new Promise((resolve) => child.on('close', resolve));
  return shown.length - 'ready\n'.length;
}

test('much that is pasted and echoed does not lock up, in run and in exec', async () => {
  assert.is(await paste(['run', '--rm', '-it', ...plain, BUSYBOX]), 300_000);
  await podOk(['run', '-d', ...plain, '--name', 'paste', BUSYBOX, 'sleep', '1000']);
  assert.is(await paste(['exec', '-it', 'paste']), 300_000);
  await podOk(['rm', '-f', 'paste']);
});

test('a window that is closed hangs up the command', async () => {
  const tty = podTerminal([
    'run',
    '-it',
    ...plain,
    '--name',
    'hup',
    BUSYBOX,
    'sh',
    '-c',
    'trap "exit 6" HUP; echo up; while :; do sleep 0.05; done',
  ]);
  await tty.until('up');
  tty.hangUp();
  await tty.end();
  assert.is(await podOk(['wait', 'hup']), '6');
  await podOk(['rm', 'hup']);
});

test('a window that is closed leaves no client behind, and no command of exec', async () => {
  const tty = podTerminal([
    'run',
    '-it',
    ...plain,
    '--name',
    'closed',
    BUSYBOX,
    'sh',
    '-c',
    'trap "" HUP; echo up; cat',
  ]);
  await tty.until('up');
  tty.hangUp();
  assert.equal(await tty.end(), { code: null, signal: 'SIGHUP' });
  assert.is(await podOk(['inspect', '--format', '{{.State.Status}}', 'closed']), 'running');
  const attached = podTerminal(['attach', 'closed']);
  attached.send('more\r');
  // The first may be the echo of the terminal, which nobody has attached yet; cat and its terminal make two.
  await attached.until(/more.*more/s);
  attached.hangUp();
  assert.equal(await attached.end(), { code: null, signal: 'SIGHUP' });
  const exec = podTerminal(['exec', '-it', 'closed', 'sh', '-c', 'echo up; sleep 778; :']);
  await exec.until('up');
  exec.hangUp();
  await exec.end();
  await eventually(async () => !(await podOk(['exec', 'closed', 'ps'])).includes('sleep 778'));
  await podOk(['rm', '-f', 'closed']);
});

test('signals to the CLI reach the command in its terminal', async () => {
  const tty = run(BUSYBOX, 'sh', '-c', 'trap "exit 5" TERM; echo up; while :; do sleep 0.05; done');
  await tty.until('up');
  tty.signal('SIGTERM');
  assert.equal(await tty.end(), { code: 5, signal: null });
});

test('exec -it: echo, exit code, size, ^C and ^P^Q', async () => {
  await podOk(['run', '-d', ...plain, '--name', 'box', BUSYBOX, 'sleep', '1000']);
  const tty = podTerminal(['exec', '-it', 'box', 'sh'], { rows: 30, cols: 90 });
  await tty.until('# ');
  tty.send('stty size; tty\r');
  await tty.until(/30 90\r\n\/dev\/pts\/\d\r\n/);
  tty.resize(31, 91);
  await eventually(async () => {
    tty.send('stty size\r');
    return tty.until('31 91', 200).catch(() => undefined);
  });
  tty.send('sh -c "echo run\'\'ning; exec sleep 100"\r');
  await tty.until('running');
  tty.send('\x03');
  await tty.until('# ');
  tty.send('exit 8\r');
  assert.equal(await tty.end(), { code: 8, signal: null });

  const left = podTerminal(['exec', '-it', 'box', 'sh', '-c', 'echo up; sleep 777']);
  await left.until('up');
  left.send('\x10\x11');
  assert.equal(await left.end(), { code: 0, signal: null });
  assert.match(await podOk(['exec', 'box', 'ps']), /sleep 777/);
  await podOk(['rm', '-f', 'box']);
});

test.run();
