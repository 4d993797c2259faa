/** Clients that come and go, or are slow, while a container prints much: every byte once, and in order. */
import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { BUSYBOX } from './container-lab.ts';
import { eventually, podOk, podTerminal, startPod, test } from './harness/index.ts';

const plain = ['--network', 'none'];

/** Lines 1 to 6 600 000: 51 MB. */
const COUNT = 6_600_000;

function hashOfLines(): string {
  const hash = createHash('sha256');
  for (let from = 1; from <= COUNT; from += 10_000) {
    let text = '';
    for (let line = from; line < from + 10_000; line++) text += `${line}\n`;
    hash.update(text);
  }
  return hash.digest('hex');
}

/** Attaches, and reads all to its end, taking `delay` milliseconds between two reads; `whole` is the hash of what comes behind "go". */
function reader(name: string, delay: number): { heard(): boolean; whole: Promise<string> } {
  const client = startPod(['attach', '--no-stdin', name], { stdio: ['ignore', 'pipe', 'inherit'] });
  let before: Buffer | undefined = Buffer.alloc(0);
  const read = async () => {
    const hash = createHash('sha256');
    for await (const chunk of client.stdout! as AsyncIterable<Buffer>) {
      if (before === undefined) hash.update(chunk);
      else {
        before = Buffer.concat([before, chunk]);
        const go = before.indexOf('go\n');
        if (go >= 0) {
          hash.update(before.subarray(go + 3));
          before = undefined;
        }
      }
      if (delay > 0) await pause(delay);
    }
    return hash.digest('hex');
  };
  return { heard: () => before === undefined || before.length > 0, whole: read() };
}

test('fifty megabytes reach two clients, of which one is slow, each byte once and in order', async () => {
  const script = `while read -r word; do echo "$word"; test "$word" = go && break; done; seq 1 ${COUNT}`;
  const flags = [...plain, '--log-opt', 'max-size=1m', '--name', 'much'];
  await podOk(['run', '-d', '-i', ...flags, BUSYBOX, 'sh', '-c', script]);
  const readers = [reader('much', 0), reader('much', 2)];
  const typist = startPod(['attach', 'much'], { stdio: ['pipe', 'ignore', 'inherit'] });
  await eventually(() => {
    typist.stdin!.write('ping\n');
    return readers.every(({ heard }) => heard());
  });
  typist.stdin!.write('go\n');
  const expected = hashOfLines();
  assert.equal(await Promise.all(readers.map(({ whole }) => whole)), [expected, expected]);
  assert.is(await podOk(['wait', 'much']), '0');
  await podOk(['rm', 'much']);
});

/** The whole numbers that a terminal showed, without the last, which may have been cut, and the first. */
function numbers(text: string): number[] {
  return text
    .split('\r\n')
    .slice(1, -1)
    .filter((line) => /^\d+$/.test(line))
    .map(Number);
}

test('one who attaches and detaches again and again misses nothing of what comes meanwhile', async () => {
  const script = 'i=0; while :; do i=$((i + 1)); echo $i; [ $((i % 50)) = 0 ] && usleep 5000; done';
  await podOk(['run', '-dit', ...plain, '--name', 'busy', BUSYBOX, 'sh', '-c', script]);
  let last = 0;
  for (let visit = 0; visit < 6; visit++) {
    const tty = podTerminal(['attach', 'busy'], { rows: 20 + visit, cols: 80 });
    const other = podTerminal(['attach', 'busy'], { rows: 40, cols: 100 });
    await tty.until(/\d+\r\n(\d+\r\n){200}/);
    tty.resize(30, 90);
    await tty.until(/(\d+\r\n){200}/);
    tty.send('\x10\x11');
    assert.equal(await tty.end(), { code: 0, signal: null });
    await other.until(/\d+\r\n(\d+\r\n){50}/);
    other.send('\x10\x11');
    assert.equal(await other.end(), { code: 0, signal: null });
    for (const text of [tty.text(), other.text()]) {
      const seen = numbers(text);
      assert.equal(
        seen,
        Array.from(seen, (_, at) => seen[0]! + at),
      );
      assert.ok(seen.length >= 50);
    }
    assert.ok(numbers(tty.text())[0]! > last, 'what was there before is not shown again');
    last = numbers(tty.text()).at(-1)!;
  }
  await podOk(['rm', '-f', 'busy']);
});

test.run();
