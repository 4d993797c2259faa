/**
 * Containers live at once, dozens of them, by the hands of eight shells; then again, while commands and monitors are killed at
 * random. TSC_POD_STORM=full does it with fifty, as often as scripts/storm asks; TSC_POD_STORM_SEED repeats a sequence of random
 * choices (what runs at the same time is still the machine's own choice).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { BUSYBOX, ended, remains } from './container-lab.ts';
import { eventually, limitEachTest, limitFile, pod, podOk, type Ran, test } from './harness/index.ts';
import { sandbox } from './harness/sandbox.ts';
import { processesOf } from './harness/sweep.ts';

limitFile(1200);
limitEachTest(400);

const full = process.env.TSC_POD_STORM === 'full';
const SHELLS = 8;
const CONTAINERS = full ? 50 : 24;
const seed = Number(process.env.TSC_POD_STORM_SEED ?? (full ? Date.now() % 1e9 : 1));

/** Numbers from 0 to 1, the same ones for a seed: mulberry32. */
function randomFrom(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const detached = (name: string, flags = ['--network', 'none']) => [
  ...['run', '-d', '--name', name, ...flags],
  ...[BUSYBOX, 'sleep', '1000'],
];

/** Flags that change who stays behind a container and what is to be taken away after it. */
const WAYS = [
  ['--network', 'none'],
  ['--network', 'none', '--rm'],
  ['--network', 'none', '-t'],
  ['--network', 'none', '--restart', 'always'],
  ['--network', 'none', '--init', '-v', 'kept:/v', '-v', '/anonymous'],
  ['--network', 'none', '--rm', '--storage-driver', 'fuse-overlayfs'],
  [],
];

/** Eight shells take the numbers from 0 on, one by one. */
async function bySeveralShells(count: number, live: (number: number) => Promise<void>): Promise<void> {
  let next = 0;
  const shell = async () => {
    while (next < count) await live(next++);
  };
  await Promise.all(Array.from({ length: SHELLS }, shell));
}

/** Nothing is wrong with the store; every container goes by `rm -f`, and then nothing is left: no file, process or mount. */
async function nothingStays(): Promise<void> {
  // What was killed half-way is collected by the next command that makes a container, in the background.
  const collect = () => pod(['run', '--rm', '--network', 'none', BUSYBOX, 'true']);
  assert.equal(await collect(), ended(0));
  await eventually(async () => {
    assert.equal(await pod(['system', 'check']), ended(0));
    return true;
  });
  const ids = (await podOk(['ps', '-aq', '--no-trunc'])).split('\n').filter((id) => id !== '');
  const gone = ids.map((id) => `${id}\n`).join('');
  if (ids.length > 0) assert.equal(await pod(['rm', '-f', ...ids]), ended(0, gone));
  assert.equal(await collect(), ended(0));
  await eventually(async () => {
    assert.equal({ files: remains(), processes: processesOf(sandbox.dir) }, { files: [], processes: [] });
    return true;
  }, 60_000);
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  assert.equal(
    mounts.filter((line) => line.includes(sandbox.dir)),
    [],
  );
}

for (let round = 1; round <= (full ? 3 : 1); round++)
  test(`dozens of containers are started, used, stopped and removed by eight shells at once (${round})`, async () => {
    await bySeveralShells(CONTAINERS, async (number) => {
      let name = `calm-${number}`;
      const begun = await pod(detached(name));
      assert.match(begun.stdout, /^[0-9a-f]{64}\n$/, begun.stderr);
      assert.equal(begun, ended(0, begun.stdout));
      assert.equal(await pod(['exec', name, 'echo', `${number}`]), ended(0, `${number}\n`));
      assert.equal(await pod(['rename', name, `${name}-b`]), ended(0));
      name = `${name}-b`;
      assert.equal(await pod(['pause', name]), ended(0, `${name}\n`));
      assert.equal(await pod(['unpause', name]), ended(0, `${name}\n`));
      assert.equal(await pod(['stop', '-t', '0', name]), ended(0, `${name}\n`));
      assert.equal(await pod(['start', name]), ended(0, `${name}\n`));
      assert.equal(await pod(['restart', '-t', '0', name]), ended(0, `${name}\n`));
      assert.equal(await pod(['rm', '-f', name]), ended(0, `${name}\n`));
    });
    assert.equal(await podOk(['ps', '-aq']), '');
    await nothingStays();
  });

/** Kills the monitor of a container that a die chooses. */
function killMonitor(random: () => number): void {
  const runtime = join(sandbox.run, 'tsc-pod');
  const running = readdirSync(runtime).filter((name) => /^[0-9a-f]{16}$/.test(name));
  const chosen = running[Math.floor(random() * running.length)];
  if (chosen === undefined) return;
  try {
    const [, , monitor] = readFileSync(join(runtime, chosen, 'state'), 'utf8')
      .split(' ')
      .map(Number);
    if (monitor) process.kill(monitor, 'SIGKILL');
  } catch {
    // Not yet started, or gone by now.
  }
}

/** A command says what is wrong like any other error: no bug of ours, no stack trace. */
function saidDecently(args: string[], ran: Ran): void {
  const said = `${args.join(' ')}\n${JSON.stringify(ran)}`;
  assert.ok(ran.code !== null || ran.signal === 'SIGKILL', said);
  if (ran.code === 0 || ran.code === null) return;
  // The container was killed under it.
  if (args[0] === 'exec' && ran.code === 137) return;
  assert.match(ran.stderr, /^Error: /m, said);
  assert.not.match(ran.stderr, /bug|TypeError| {4}at |ENOENT|ENOTEMPTY|EEXIST|ECONN/, said);
}

for (let round = 1; round <= (full ? 3 : 1); round++)
  test(`commands and monitors are killed: nothing is lost, and everything can be removed (${round})`, async () => {
    console.log(`seed ${seed}`);
    const random = randomFrom(seed + round);
    const acknowledged = new Set<string>();
    await bySeveralShells(CONTAINERS, async (number) => {
      const name = `storm-${number}`;
      const does = async (args: string[]) => {
        const killAfter = random() < 0.25 ? Math.floor(random() * 150) : undefined;
        if (random() < 0.15) killMonitor(random);
        const ran = await pod(args, { ...(killAfter === undefined ? {} : { killAfter }) });
        saidDecently(args, ran);
        return ran;
      };
      const flags = WAYS[Math.floor(random() * WAYS.length)]!;
      const begun = await does(detached(name, flags));
      if (begun.code === 0 && !flags.includes('--rm')) acknowledged.add(name);
      await does(['exec', name, 'echo', 'x']);
      if (random() < 0.5) await does(['pause', name]);
      if (random() < 0.5) await does(['unpause', name]);
      if (random() < 0.3) await does(['rename', name, `${name}-renamed`]);
      if (random() < 0.7) await does(['stop', '-t', '0', name]);
      if (random() < 0.3) await does(['start', name]);
      if (random() < 0.2) await does(['restart', '-t', '0', name]);
      if (random() < 0.5) return;
      acknowledged.delete(name);
      await does(['rm', '-f', name]);
    });
    const names = (await podOk(['ps', '-a', '--format', '{{.Names}}'])).split('\n');
    assert.equal(
      [...acknowledged].filter((name) => !names.includes(name) && !names.includes(`${name}-renamed`)),
      [],
    );
    await nothingStays();
  });

test.run();
