/** The hub of bridge networks (rootless/native/hub*.c, netlink.c) under the sanitizers, with members and with rubbish. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { encodePlan, type Operation } from '../../rootless/plan.ts';
import { eventually } from '../e2e/harness/eventually.ts';
import { seed } from '../fuzz/chance.ts';
import { skip } from '../runner/skip.ts';
import { buildDriver, buildLauncher, sanitizers, scratch } from './build.ts';
import { run } from './drivers.ts';

const launcher = buildLauncher();
const peer = buildDriver('hub-peer', ['message.c', 'netlink.c', 'die.c']);
const directory = mkdtempSync(join(scratch(), 'hub-'));
const findings = mkdtempSync(join(scratch(), 'found-'));

/** Who starts a hub holds the lock on its directory: until that is free it doesn't end. */
let lock: ChildProcess | undefined;

/** What it says first; it goes on until its standard input ends. */
async function begin(program: string, args: string[]): Promise<[ChildProcess, string]> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  inside.add(child);
  const [said] = await once(child.stdout!, 'data');
  return [child, String(said).split('\n')[0]!];
}

async function takeLock(directory: string): Promise<ChildProcess> {
  const [child] = await begin('flock', [directory, 'sh', '-c', 'echo held; exec cat']);
  inside.delete(child);
  return child;
}

/** The hub has no standard error: what a sanitizer finds in it becomes a file. `limit`: as sh(1)'s ulimit has it. */
function startHub(directory: string, limit: string): void {
  const plan = encodePlan('hub', [
    ['runtime', directory],
    ['setgroups', 'deny'],
    ['uidmap', '0', String(process.getuid!()), '1'],
    ['gidmap', '0', String(process.getgid!()), '1'],
  ]);
  const options = {
    env: { ...process.env, ...sanitizers, ASAN_OPTIONS: `detect_leaks=0:log_path=${findings}/found` },
  };
  const shell = `ulimit ${limit}; exec "$0" -c "$1"`;
  assert.equal(run('sh', ['-c', shell, launcher, plan], '', options), { code: 0, stdout: '', stderr: '' });
}

const isClean = (): void => {
  for (const file of readdirSync(findings)) throw new Error(readFileSync(join(findings, file), 'utf8'));
};

const network: Operation[] = [['bridge', '10.9.0.1/24', 'fd99::1/64'], ['resolver']];
const planOf = (last: number, more: Operation[] = []): string =>
  encodePlan('run', [
    ...network,
    ['link', 'eth0', `02:00:00:00:00:0${last}`, '0'],
    ['address', `10.9.0.${last}/24`],
    ['address', `fd99::${last}/64`],
    ['route', '10.9.0.1'],
    ['name', `member${last}`],
    ...more,
  ]);
const ID = (last: number): string => String(last).repeat(16);

const inside = new Set<ChildProcess>();

async function leaves(child: ChildProcess): Promise<void> {
  if (!inside.delete(child)) return;
  const end = once(child, 'exit');
  child.stdin!.end();
  await end;
}

async function joins(last: number, script: string, where = 'aaaa'): Promise<ChildProcess> {
  const words = [directory, 'join', ID(last), where, planOf(last), 'sh', '-c', `echo in; ${script}`];
  const [child, word] = await begin(peer, words);
  assert.is(word, 'in');
  return child;
}

test.after.each(async () => {
  for (const child of inside) await leaves(child);
});
test.after(() => {
  lock?.kill();
});

test('members have their devices, and reach each other and the resolver', async () => {
  lock = await takeLock(directory);
  startHub(directory, '-S -n 64');
  const first = await joins(2, 'cat');
  const ran = run(peer, [
    ...[directory, 'join', ID(3), 'aaaa', planOf(3), 'sh', '-c'],
    'ip -o addr show eth0 | grep -o "inet6* [^ ]* "; ip route; cat /sys/class/net/eth0/address; ping -c 1 -W 2 10.9.0.2 | grep -o "[0-9] received"',
  ]);
  assert.is(ran.stderr, '');
  for (const text of ['10.9.0.3/24', 'fd99::3/64', 'default via 10.9.0.1 dev eth0'])
    assert.ok(ran.stdout.includes(text), ran.stdout);
  await leaves(first);
});

test('what cannot be is refused, and the others go on', async () => {
  const first = await joins(2, 'cat');
  const said = (args: string[]): string => run(peer, [directory, ...args]).stdout;
  assert.match(said(['ask', 'A', ID(2), 'aaaa', planOf(2)]), /the container is in that network/);
  assert.match(said(['ask', 'D', ID(2), 'bbbb', planOf(2)]), /the container is not in that network/);
  assert.match(said(['ask', 'D', ID(4), 'aaaa', planOf(4)]), /the container has lost its networks/);
  assert.match(said(['ask', 'C', 'XYZ', 'aaaa', planOf(4)]), /does not know this request/);
  assert.match(said(['join', ID(4), 'aaaa', 'no plan']), /Error: /);
  assert.match(
    said(['join', ID(5), 'aaaa', planOf(5, [['route', '192.0.2.1']])]),
    /cannot add the default route/,
  );
  assert.is(said(['join', ID(4), 'aaaa', planOf(4), 'echo', 'well']), 'well\n');
  await leaves(first);
  isClean();
});

test(`no message upsets it (seed ${seed})`, async () => {
  const first = await joins(2, 'cat');
  assert.equal(run(peer, [directory, 'rubbish', '3000', String(seed)]), {
    code: 0,
    stdout: 'done\n',
    stderr: '',
  });
  isClean();
  assert.is(run(peer, [directory, 'join', ID(4), 'aaaa', planOf(4), 'echo', 'well']).stdout, 'well\n');
  await leaves(first);
});

const pidOf = (directory: string): string => readFileSync(join(directory, 'state'), 'utf8').split(' ')[0]!;

test('what is answered is done: who goes may come at once', () => {
  assert.equal(run(peer, [directory, 'change', '60', ID(4), 'aaaa', planOf(4)]), {
    code: 0,
    stdout: 'done\n',
    stderr: '',
  });
});

test('nobody in a network namespace answers in the name of the kernel', () => {
  assert.equal(run(peer, [directory, 'forge', '1']), { code: 0, stdout: 'Connection refused\n', stderr: '' });
});

test('who is refused is told why, and may ask again at once', () => {
  const plan = planOf(4).replaceAll('10.9.0.1/24', '10.9.0.300/24');
  assert.equal(run(peer, [directory, 'vain', '60', ID(4), 'cccc', plan]), {
    code: 0,
    stdout: "Error: bug in tsc-pod's plan: 10.9.0.300 is no address\n".repeat(60),
    stderr: '',
  });
});

test("nobody is heard with, or found by, an address that isn't his", async () => {
  const [answer] = run(peer, [directory, 'filters', '1']).stdout.split('\n');
  if (answer !== 'yes') skip('the kernel has no classifier by BPF programs for user namespaces');
  const looks = `cat >/dev/null; for a in 10.9.0.3 fd99::3; do ping -c 1 -W 20 $a; done >/dev/null; for a in 10.9.0.77 fd99::77; do ping -c 1 -W 1 $a; done >/dev/null 2>&1; echo $(ip neigh | grep lladdr | cut -d ' ' -f 1 | sort)`;
  const first = await joins(2, looks);
  const pings = ['10.9.0.3', '10.9.0.77', 'fd99::3', 'fd99::77']
    .map(
      (from) =>
        `ping -c 1 -W ${from.endsWith('3') ? 20 : 1} -I ${from} ${from.includes(':') ? 'fd99::2' : '10.9.0.2'} | grep -o '[0-9] received'`,
    )
    .join('; ');
  const script = `ip addr add 10.9.0.77/24 dev eth0; ip addr add fd99::77/64 dev eth0 nodad; ${pings}; echo end; cat`;
  const bad = await joins(3, script);
  let said = '';
  bad.stdout!.on('data', (data) => {
    said += data;
  });
  await eventually(() => said.includes('end'));
  assert.is(said, '1 received\n0 received\n1 received\n0 received\nend\n');
  first.stdin!.end();
  const [found] = await once(first.stdout!, 'data');
  await leaves(bad);
  inside.delete(first);
  assert.is(String(found).replace(/ fe80\S*/, ''), '10.9.0.3 fd99::3\n');
});

test('who takes no answer holds nobody up', async () => {
  const [mute, word] = await begin(peer, [directory, 'mute', '3000']);
  assert.is(word, 'in');
  assert.is(run(peer, [directory, 'join', ID(4), 'aaaa', planOf(4), 'echo', 'well']).stdout, 'well\n');
  await leaves(mute);
});

test('a network whose process takes nothing more is lost, and the others go on', async () => {
  const first = await joins(2, 'cat');
  const hub = pidOf(directory);
  const children = (): string[] =>
    readFileSync(`/proc/${hub}/task/${hub}/children`, 'utf8').trim().split(' ');
  const [stopped] = children();
  process.kill(Number(stopped), 'SIGSTOP');
  const names = Array.from({ length: 12 }, (_, i): Operation => ['name', `${i}`.padEnd(200, 'x')]);
  const ran = run(peer, [directory, 'change', '60', ID(4), 'bbbb', planOf(4, names)], '', {
    timeout: 60_000,
  });
  assert.equal(ran, { code: 0, stdout: 'done\n', stderr: '' });
  await eventually(() => !children().includes(stopped!));
  await leaves(first);
  isClean();
});

test('more may be there than are open at first, and who finds no room waits without work for the hub', async () => {
  const [many, greeted] = await begin(peer, [directory, 'crowd', '100']);
  assert.is(greeted, '100');
  await leaves(many);
  const narrow = mkdtempSync(join(scratch(), 'narrow-'));
  const lock = await takeLock(narrow);
  startHub(narrow, '-n 100');
  const [crowd, some] = await begin(peer, [narrow, 'crowd', '120']);
  assert.ok(Number(some) > 60 && Number(some) < 100, some);
  const ticks = (): number => {
    const fields = readFileSync(`/proc/${pidOf(narrow)}/stat`, 'utf8')
      .split(') ')[1]!
      .split(' ');
    return Number(fields[11]) + Number(fields[12]);
  };
  const before = ticks();
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.ok(ticks() - before < 15, `${ticks() - before} of 50 ticks`);
  await leaves(crowd);
  assert.is(run(peer, [narrow, 'join', ID(4), 'aaaa', planOf(4), 'echo', 'well']).stdout, 'well\n');
  lock.stdin!.end();
  await eventually(() => readdirSync(narrow).length === 0);
  isClean();
});

test('it ends with the last, and leaves nothing', async () => {
  lock!.stdin!.end();
  await eventually(() => readdirSync(directory).length === 0);
  isClean();
});

test.run();
