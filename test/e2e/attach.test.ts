import type { ChildProcess } from 'node:child_process';
import * as assert from 'uvu/assert';
import { BUSYBOX, ended, remains } from './container-lab.ts';
import { binary, command, eventually, pod, podOk, podTerminal, startPod, test } from './harness/index.ts';

const plain = ['--network', 'none'];
const run = (name: string, flags: string[], ...command: string[]) =>
  podOk(['run', '-d', ...plain, '--name', name, ...flags, BUSYBOX, ...command]);

type Client = ReturnType<typeof client>;

/** An attached client, with all that it has shown. */
function client(...args: string[]) {
  const child: ChildProcess = startPod(['attach', ...args]);
  const shown = { out: '', err: '' };
  child.stdout!.on('data', (text) => (shown.out += text));
  child.stderr!.on('data', (text) => (shown.err += text));
  const end = new Promise((resolve) => child.on('close', (code, signal) => resolve(code ?? signal)));
  return { child, shown, end };
}

/** What is read is answered; `go` begins what the test is about. */
const answering = (work: string) => `while read x; do test "$x" = go && break; echo "$x"; done; ${work}`;

/** Returns when all clients are there: each has shown an answer that came after it. */
async function allAttached(typist: Client, clients: Client[]): Promise<void> {
  await eventually(() => {
    typist.child.stdin!.write('ping\n');
    return clients.every(({ shown }) => shown.out !== '');
  });
  typist.child.stdin!.write('go\n');
}

test('one that does not run can not be attached to', async () => {
  await podOk(['create', ...plain, '--name', 'idle', BUSYBOX, 'true']);
  assert.equal(
    await pod(['attach', 'idle']),
    ended(125, '', 'Error: cannot attach to idle: it is not running\ntsc-pod start -a idle\n'),
  );
  await podOk(['rm', 'idle']);
  assert.is((await pod(['attach', 'nope'])).code, 125);
});

test('run -d -i takes its input from those who attach; the end of it is the end for the command', async () => {
  const ticking = 'until test -e /go; do echo tick >&2; sleep 0.05; done; echo go >&2';
  await run('cat', ['-i'], 'sh', '-c', `${ticking}; cat; echo end >&2; exit 3`);
  const watcher = client('--no-stdin', 'cat');
  await eventually(() => watcher.shown.err.includes('tick'));
  await podOk(['exec', 'cat', 'touch', '/go']);
  await eventually(() => watcher.shown.err.endsWith('go\n'));
  assert.equal(await pod(['attach', 'cat'], { input: 'one\ntwo\n' }), ended(3, 'one\ntwo\n', 'end\n'));
  assert.is(await watcher.end, 3);
  assert.is(await podOk(['logs', 'cat']), 'one\ntwo');
  await podOk(['rm', 'cat']);
});

test('input that can not be read, as that of a directory, has ended', async () => {
  await run('directory', ['-i'], 'sh', '-c', 'cat; exit 4');
  assert.equal(await command(['sh', '-c', '"$1" attach directory </', 'sh', binary]), ended(4));
  await podOk(['rm', 'directory']);
});

test('several clients get all that comes after they came, and the exit code', async () => {
  await run('many', ['-i'], 'sh', '-c', answering('echo last; exit 11'));
  const clients = [client('--no-stdin', 'many'), client('--no-stdin', 'many'), client('many')];
  await allAttached(clients[2]!, clients);
  for (const one of clients) assert.is(await one.end, 11);
  for (const { shown } of clients) assert.match(shown.out, /^(ping\n)+last\n$/);
  await podOk(['rm', 'many']);
});

test('a megabyte reaches each client whole, in order and once', async () => {
  await run('big', ['-i'], 'sh', '-c', answering('seq 1 150000'));
  const clients = [client('--no-stdin', 'big'), client('--no-stdin', 'big'), client('big')];
  await allAttached(clients[2]!, clients);
  const whole = `${Array.from({ length: 150_000 }, (_, i) => i + 1).join('\n')}\n`;
  for (const { end, shown } of clients) {
    assert.is(await end, 0);
    const numbers = shown.out.replace(/^(ping\n)+/, '');
    assert.ok(numbers === whole, `${numbers.length} of ${whole.length}`);
  }
  await podOk(['rm', 'big']);
});

test('a client that is stopped is let go, and the others lose nothing', async () => {
  await run(
    'slow',
    ['-i'],
    'sh',
    '-c',
    answering('until test -e /go; do sleep 0.05; done; seq 1 300000; read x; exit 0'),
  );
  const stopped = client('--no-stdin', 'slow');
  const good = client('slow');
  await allAttached(good, [stopped, good]);
  stopped.child.kill('SIGSTOP');
  await podOk(['exec', 'slow', 'touch', '/go']);
  await eventually(() => good.shown.out.endsWith('\n299999\n300000\n'), 60_000);
  stopped.child.kill('SIGCONT');
  assert.is(await stopped.end, 125);
  assert.match(stopped.shown.err, /^Error: detached from the container: /);
  assert.match(stopped.shown.out, /^(ping\n)+1\n2\n3\n/);
  good.child.stdin!.write('end\n');
  assert.is(await good.end, 0);
  await podOk(['rm', 'slow']);
});

test('signals go on to the container, but not with --sig-proxy=false', async () => {
  const script = 'trap "echo USR1" USR1; trap "exit 9" TERM; while :; do echo tick; sleep 0.05; done';
  await run('sig', [], 'sh', '-c', script);
  const one = client('sig');
  const other = client('--sig-proxy=false', 'sig');
  await eventually(() => one.shown.out !== '' && other.shown.out !== '');
  one.child.kill('SIGUSR1');
  await eventually(() => other.shown.out.includes('USR1\n'));
  other.child.kill('SIGTERM');
  assert.is(await other.end, 'SIGTERM');
  one.child.kill('SIGTERM');
  assert.is(await one.end, 9);
  await podOk(['rm', 'sig']);
});

test('a terminal: detach, attach from two at once, both see all, the last size counts', async () => {
  const first = podTerminal(['run', '-it', ...plain, '--name', 'tty', BUSYBOX, 'sh'], { rows: 20, cols: 70 });
  await first.until('# ');
  first.send('stty size\r');
  await first.until('20 70');
  first.send('\x10\x11');
  assert.equal(await first.end(), { code: 0, signal: null });
  const a = podTerminal(['attach', 'tty'], { rows: 30, cols: 90 });
  a.send('\r');
  await a.until('# ');
  const b = podTerminal(['attach', '--detach-keys', 'ctrl-x', 'tty'], { rows: 40, cols: 100 });
  b.send('stty size\r');
  await b.until('40 100');
  await a.until('40 100');
  a.resize(33, 99);
  await eventually(() => {
    a.send('stty size\r');
    return b.until('33 99', 300).catch(() => false);
  });
  b.send('\x18');
  assert.equal(await b.end(), { code: 0, signal: null });
  a.send('exit 12\r');
  assert.equal(await a.end(), { code: 12, signal: null });
  await podOk(['rm', 'tty']);
});

test('run -dit waits for who attaches; start -ai joins it again', async () => {
  await run('dit', ['-it'], 'sh', '-c', 'read x; echo "<$x>"; exit 6');
  const tty = podTerminal(['attach', 'dit']);
  tty.send('hello\r');
  await tty.until('<hello>');
  assert.equal(await tty.end(), { code: 6, signal: null });
  const again = podTerminal(['start', '-ai', 'dit'], { rows: 25, cols: 81 });
  again.send('anew\r');
  await again.until('<anew>');
  assert.equal(await again.end(), { code: 6, signal: null });
  await podOk(['rm', 'dit']);
});

test('a program that is attached to is drawn anew, though the window has its size already', async () => {
  const size = { rows: 24, cols: 80 };
  const script = 'trap "echo WINCH" WINCH; echo up; while :; do sleep 0.05; done';
  const first = podTerminal(['run', '-it', ...plain, '--name', 'draw', BUSYBOX, 'sh', '-c', script], size);
  await first.until('up');
  first.send('\x10\x11');
  await first.end();
  const again = podTerminal(['attach', 'draw'], size);
  await again.until('WINCH');
  again.send('\x10\x11');
  await again.end();
  await podOk(['rm', '-f', 'draw']);
  assert.equal(remains(), []);
});

test.run();
