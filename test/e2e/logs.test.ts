import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { BUSYBOX, ended } from './container-lab.ts';
import { eventually, pod, podBytes, podOk, startPod, test } from './harness/index.ts';
import { sandbox } from './harness/sandbox.ts';

/** Runs a script in a container NAME that stays, to its end. */
async function logged(name: string, script: string, ...flags: string[]): Promise<string> {
  const id = await podOk([
    'run',
    '-d',
    '--network',
    'none',
    '--name',
    name,
    ...flags,
    BUSYBOX,
    'sh',
    '-c',
    script,
  ]);
  await podOk(['wait', name]);
  return id;
}

test('both streams, apart, in order and to the byte', async () => {
  for (const driver of ['k8s-file', 'json-file']) {
    await logged(
      'plain',
      'echo one; echo two >&2; printf "no end"; printf "\\n\\n"; printf "half"',
      '--log-driver',
      driver,
    );
    assert.equal(await pod(['logs', 'plain']), ended(0, 'one\nno end\n\nhalf', 'two\n'));
    await podOk(['rm', 'plain']);
  }
});

test('a line of ten megabytes, and bytes that are no text', async () => {
  await logged(
    'long',
    'head -c 10000000 /dev/zero | tr "\\0" a; echo; printf "\\377\\001\\302\\n"',
    '--log-opt',
    'max-size=100m',
  );
  const child = startPod(['logs', 'long'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const pieces: Buffer[] = [];
  child.stdout!.on('data', (piece: Buffer) => pieces.push(piece));
  await new Promise((resolve) => child.on('close', resolve));
  const all = Buffer.concat(pieces);
  assert.is(all.length, 10_000_005);
  assert.equal(all.subarray(-5), Buffer.from([10, 255, 1, 194, 10]));
  await podOk(['rm', 'long']);
});

test('logs rotate: the size is kept, the newest lines are there', async () => {
  const id = await logged(
    'turning',
    'i=0; while [ $i -lt 3000 ]; do echo "line $i"; i=$((i+1)); done',
    '--log-opt',
    'max-size=20k',
    '--log-opt',
    'max-file=3',
  );
  const names = readdirSync(join(sandbox.data, 'containers', id))
    .filter((name) => name.startsWith('log'))
    .sort();
  assert.equal(names, ['log', 'log.1', 'log.2']);
  const lines = (await podOk(['logs', 'turning'])).split('\n');
  assert.is(lines.at(-1), 'line 2999');
  const first = Number(lines[0]!.slice(5));
  assert.ok(first > 0);
  assert.equal(
    lines,
    Array.from({ length: 3000 - first }, (_, n) => `line ${first + n}`),
  );
  assert.equal(await podOk(['logs', '--tail', '2', 'turning']), 'line 2998\nline 2999');
  await podOk(['rm', 'turning']);
});

test('--tail, --since, --until and -t', async () => {
  // One stream: two pipes that are read side by side have no common order.
  await logged('timed', 'echo a; echo b; echo c');
  assert.equal(await pod(['logs', '--tail', '1', 'timed']), ended(0, 'c\n'));
  assert.equal(await pod(['logs', '-n', '2', 'timed']), ended(0, 'b\nc\n'));
  assert.equal(await pod(['logs', '--tail', '0', 'timed']), ended(0));
  assert.equal(await pod(['logs', '--since', '1h', 'timed']), ended(0, 'a\nb\nc\n'));
  assert.equal(await pod(['logs', '--since', '2099-01-01T00:00:00Z', 'timed']), ended(0));
  assert.equal(await pod(['logs', '--until', '2001-01-01', 'timed']), ended(0));
  const { stdout } = await pod(['logs', '-t', 'timed']);
  const time = String.raw`\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)`;
  assert.match(stdout, new RegExp(`^${time} a\n${time} b\n${time} c\n$`));
  await podOk(['rm', 'timed']);
});

test('-f follows to the end of the container, over rotations', async () => {
  const script =
    'until test -e /go; do sleep 0.01; done; i=0; while [ $i -lt 2000 ]; do echo "line $i"; i=$((i+1)); done; echo end';
  await podOk([
    'run',
    '-d',
    '--network',
    'none',
    '--name',
    'followed',
    '--log-opt',
    'max-size=4k',
    '--log-opt',
    'max-file=99',
    BUSYBOX,
    'sh',
    '-c',
    script,
  ]);
  const child = startPod(['logs', '-f', 'followed'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let shown = '';
  child.stdout!.on('data', (text) => (shown += text));
  const end = new Promise((resolve) => child.on('close', resolve));
  await podOk(['exec', 'followed', 'touch', '/go']);
  assert.is(await end, 0);
  assert.equal(shown.split('\n'), [...Array.from({ length: 2000 }, (_, n) => `line ${n}`), 'end', '']);
  await podOk(['rm', 'followed']);
});

test('-f shows a line as it comes', async () => {
  await podOk([
    'run',
    '-d',
    '--network',
    'none',
    '--name',
    'live',
    BUSYBOX,
    'sh',
    '-c',
    'echo first; until test -e /go; do sleep 0.01; done; echo second; sleep 1000',
  ]);
  const child = startPod(['logs', '-f', '--tail', '1', 'live'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let shown = '';
  child.stdout!.on('data', (text) => (shown += text));
  const end = new Promise((resolve) => child.on('close', resolve));
  await eventually(() => shown === 'first\n');
  await podOk(['exec', 'live', 'touch', '/go']);
  await eventually(() => shown === 'first\nsecond\n');
  await podOk(['rm', '-f', 'live']);
  assert.is(await end, 0);
});

test('several at once: whose line it is stands before it', async () => {
  const id = await logged('one', 'echo from one; echo err >&2');
  await logged('two', 'printf "from two"');
  const short = id.slice(0, 12);
  const both = await pod(['logs', 'one', 'two']);
  assert.is(both.code, 0);
  assert.match(both.stdout, new RegExp(`^${short} from one\n[0-9a-f]{12} from two$`));
  assert.is(both.stderr, `${short} err\n`);
  assert.equal(
    await pod(['logs', '--names', '--color', 'one', 'two']),
    ended(0, 'one from one\ntwo from two', 'one err\n'),
  );
  assert.equal(await pod(['logs', '-l']), ended(0, 'from two'));
  const some = await pod(['logs', 'nobody', 'one']);
  assert.equal([some.code, some.stdout], [125, `${short} from one\n`]);
  await podOk(['rm', 'one', 'two']);
});

test('several are followed at once, and --until ends it', async () => {
  const script = 'echo here; exec sleep 1000';
  for (const name of ['one', 'two'])
    await podOk(['run', '-d', '--network', 'none', '--name', name, BUSYBOX, 'sh', '-c', script]);
  await eventually(
    async () => (await pod(['logs', 'one'])).stdout !== '' && (await pod(['logs', 'two'])).stdout !== '',
  );
  const until = new Date(Date.now() + 1500).toISOString();
  const ran = await pod(['logs', '-f', '--names', '--until', until, 'one', 'two']);
  assert.equal([ran.code, ran.stdout.split('\n').sort()], [0, ['', 'one here', 'two here']]);
  assert.ok(Date.now() >= Date.parse(until));
  const follower = startPod(['logs', '-f', 'one', 'two'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const end = new Promise((resolve) => follower.on('exit', resolve));
  let shown = '';
  follower.stdout!.on('data', (text) => (shown += text));
  await eventually(() => shown.match(/here\n/g)?.length === 2);
  await podOk(['rm', '-f', 'one', 'two']);
  assert.is(await end, 0);
});

test('any bytes in lines of any length come back from a k8s-file, and text from a json-file', async () => {
  const any = 'head -c 200000 /dev/urandom >/tmp/x; sha256sum </tmp/x >&2; cat /tmp/x';
  await logged('bytes', any);
  const back = await podBytes(['logs', 'bytes']);
  assert.is(`${createHash('sha256').update(back.stdout).digest('hex')}  -\n`, back.stderr.toString());
  const text =
    'i=0; while [ $i -lt 9000 ]; do printf "\\303\\244\\342\\202\\254\\360\\237\\230\\200\\t<&>"; i=$((i+1)); done; echo';
  await logged('text', text, '--log-driver', 'json-file');
  const words = await pod(['logs', 'text']);
  assert.is(words.stdout, `${'\u00e4\u20ac\u{1f600}\t<&>'.repeat(9000)}\n`);
  await podOk(['rm', 'bytes', 'text']);
});

test('the log may be a file elsewhere, and has what --log-opt adds', async () => {
  const path = join(sandbox.dir, 'elsewhere.log');
  await logged(
    'away',
    'echo hi',
    '--log-driver',
    'json-file',
    ...['--label', 'a=b', '--log-opt', 'labels=a'],
    ...['--log-opt', `path=${path}`, '--log-opt', 'tag={{.Name}}/x'],
  );
  assert.equal(JSON.parse(readFileSync(path, 'utf8')).attrs, { a: 'b', tag: 'away/x' });
  assert.is(await podOk(['inspect', 'away', '--format', '{{.LogPath}}']), path);
  assert.equal(await pod(['logs', '--details', 'away']), ended(0, 'a=b,tag=away/x hi\n'));
  await podOk(['rm', 'away']);
});

test('a reader that goes away ends logs', async () => {
  await logged('much', 'yes | head -n 100000');
  const ran = await pod(['logs', '--tail', '1', 'much']);
  assert.equal(ran, ended(0, 'y\n'));
  const child = startPod(['logs', 'much'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout!.once('data', () => child.stdout!.destroy());
  assert.is(await new Promise((resolve) => child.on('exit', (code, signal) => resolve(signal ?? code))), 141);
  await podOk(['rm', 'much']);
});

test('what keeps no log says so', async () => {
  await podOk(['run', '-d', '--network', 'none', '--name', 'none', '--log-driver', 'none', BUSYBOX, 'true']);
  assert.equal(
    await pod(['logs', 'none']),
    ended(125, '', 'Error: none keeps no log: its log driver is none\nrun it with --log-driver k8s-file\n'),
  );
  await podOk(['rm', 'none']);
});

test('the log of a terminal has what it showed', async () => {
  await podOk([
    'run',
    '-d',
    '-t',
    '--network',
    'none',
    '--name',
    'tty',
    BUSYBOX,
    'sh',
    '-c',
    'echo shown; echo too >&2',
  ]);
  await podOk(['wait', 'tty']);
  assert.equal(await pod(['logs', 'tty']), ended(0, 'shown\r\ntoo\r\n'));
  await podOk(['rm', 'tty']);
});

test.run();
