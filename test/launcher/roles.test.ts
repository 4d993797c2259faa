import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { identify } from '../../core/container/process-identity.ts';
import { keepLaunchersIn, provideLauncher } from '../../core/launcher.ts';
import { withLock } from '../../core/lock.ts';
import { encodePlan, type Operation, type Role } from '../../rootless/plan.ts';
import { eventually } from '../e2e/harness/eventually.ts';
import { skip } from '../runner/skip.ts';
import { buildLauncher, sanitizers, scratch } from './build.ts';

const launcher = buildLauncher();
Object.assign(process.env, sanitizers, { PATH: '/usr/bin:/bin' });

const run = (role: Role | string, operations: Operation[], input = '') => {
  const { status, signal, stdout, stderr } = spawnSync(
    launcher,
    ['-c', encodePlan(role as Role, operations)],
    { input, encoding: 'utf8' },
  );
  return { code: status ?? signal, stdout, stderr };
};
const start = (role: Role, operations: Operation[]) =>
  spawn(launcher, ['-c', encodePlan(role, operations)], { stdio: ['pipe', 'pipe', 'pipe'] });
const directory = () => mkdtempSync(join(scratch(), 'role-'));

/** One id: this user's own. */
const maps: Operation[] = [
  ['setgroups', 'deny'],
  ['uidmap', '0', String(process.getuid!()), '1'],
  ['gidmap', '0', String(process.getgid!()), '1'],
  ['namespace', 'user'],
];
const enter = (...jobs: Operation[]) => run('enter', [...maps, ...jobs]);

test('what is no call of it is told how it is called', () => {
  for (const args of [[], ['-c'], ['a', 'b'], ['-c', 'x', 'y']]) {
    const { status, stderr } = spawnSync(launcher, args, { encoding: 'utf8' });
    assert.is(status, 125);
    assert.match(stderr, /^Error: /);
  }
  assert.equal(run('dance', []), {
    code: 125,
    stdout: '',
    stderr: "Error: bug in tsc-pod's plan: unknown role dance\n",
  });
});

test('a plan in a file is removed once it is read, if it says so', () => {
  const dir = directory();
  for (const [name, operations] of [
    ['kept', []],
    ['secret', [['unlink-plan']]],
  ] as [string, Operation[]][]) {
    writeFileSync(join(dir, name), encodePlan('enter', [...maps, ...operations, ['exec', 'true']]));
    assert.is(spawnSync(launcher, [join(dir, name)]).status, 0);
  }
  assert.equal([existsSync(join(dir, 'kept')), existsSync(join(dir, 'secret'))], [true, false]);
});

test('a lock is held until its holder lets go, and waited for', async () => {
  const file = join(directory(), 'a lock');
  const first = start('lock', [['lock', file]]);
  assert.is(String((await once(first.stdout, 'data'))[0]), 'locked\n');
  const second = start('lock', [['lock', file]]);
  let word = '';
  second.stdout.on('data', (text) => {
    word += text;
  });
  const waits = () =>
    readFileSync('/proc/locks', 'utf8')
      .split('\n')
      .some((line) => line.includes('->') && line.includes(` ${second.pid} `));
  await eventually(waits);
  assert.is(word, '');
  first.kill('SIGKILL');
  await eventually(() => word === 'locked\n');
  second.stdin.end();
  assert.equal(await once(second, 'exit'), [0, null]);
});

test('a lock that can not be had is an error', () => {
  assert.equal(run('lock', [['lock', '/nonexistent/x']]), {
    code: 125,
    stdout: '',
    stderr: 'Error: cannot open the lock /nonexistent/x: No such file or directory\n',
  });
  assert.match(run('lock', []).stderr, /no lock to take/);
});

test('work under a lock is done one after the other, and what it throws comes out', async () => {
  const dir = directory();
  provideLauncher({ hash: 'x', read: () => readFileSync(launcher) });
  keepLaunchersIn(dir);
  const file = join(dir, 'locks/one');
  let inside = 0;
  let most = 0;
  const work = async () => {
    most = Math.max(most, ++inside);
    for (let i = 0; i < 20; i++) await new Promise(setImmediate);
    inside--;
    return 'done';
  };
  assert.equal(
    await Promise.all(Array.from({ length: 6 }, () => withLock(file, work))),
    Array(6).fill('done'),
  );
  assert.is(most, 1);
  const thrown = await withLock(file, () => Promise.reject(new Error('mine'))).catch(
    (error) => error.message,
  );
  assert.is(thrown, 'mine');
  assert.is(await withLock(file, work), 'done');
});

test('a lock that can not be taken says why', async () => {
  const dir = directory();
  mkdirSync(join(dir, 'lock'));
  const error = await withLock(join(dir, 'lock'), async () => 'no').catch((one) => one);
  assert.equal(
    [error.code, error.message, error.why],
    ['io', `cannot lock ${dir}/lock`, `cannot open the lock ${dir}/lock: Is a directory`],
  );
});

const namespaces = spawnSync('unshare', ['-Ur', 'true']).status === 0;
const needNamespaces = () => namespaces || skip('this user may make no user namespace');

test('a signal goes to all processes of a pid namespace, and to none whose number it only has', async () => {
  needNamespaces();
  const script = 'sleep 60 & sleep 60 & echo ready; wait';
  const outer = spawn('unshare', ['-Urpf', '--kill-child', 'sh', '-c', script], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = once(outer, 'exit');
  await once(outer.stdout, 'data');
  const childrenOf = (pid: number) =>
    readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
  const first = childrenOf(outer.pid!)[0]!;
  const all = [first, ...childrenOf(first)];
  const stopped = () => all.filter((pid) => /\) T /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))).length;
  const { start: born } = identify(first);
  const another: Operation = ['target', String(first), String(BigInt(born) - 1n)];
  assert.equal(run('signal', [another, ['signal', '19']]), { code: 0, stdout: '', stderr: '' });
  assert.is(stopped(), 0);
  const target: Operation = ['target', String(first), born];
  assert.equal(run('signal', [target, ['signal', '19']]), { code: 0, stdout: '', stderr: '' });
  assert.is(all.length, 3);
  await eventually(() => stopped() === 3);
  outer.kill('SIGKILL');
  await ended;
});

test('a command is root of the namespace, and its exit code comes out', () => {
  needNamespaces();
  assert.equal(enter(['exec', 'id', '-u']), { code: 0, stdout: '0\n', stderr: '' });
  for (const code of [1, 7, 125, 255]) assert.is(enter(['exec', 'sh', '-c', `exit ${code}`]).code, code);
});

test('a command that is not there is 127, one that can not be executed 126', () => {
  needNamespaces();
  assert.equal(enter(['exec', 'no-such-command']), {
    code: 127,
    stdout: '',
    stderr: 'Error: cannot execute no-such-command: No such file or directory\n',
  });
  assert.equal(enter(['exec', '/etc/passwd']), {
    code: 126,
    stdout: '',
    stderr: 'Error: cannot execute /etc/passwd: Permission denied\n',
  });
});

test('a command ended by a signal is 128 and its number', () => {
  needNamespaces();
  for (const [name, number] of [
    ['KILL', 9],
    ['TERM', 15],
    ['INT', 2],
  ] as const)
    assert.is(enter(['exec', 'sh', '-c', `kill -${name} $$`]).code, 128 + number);
});

test('signals are handed to the command', async () => {
  needNamespaces();
  const child = start('enter', [
    ...maps,
    ['exec', 'sh', '-c', "trap 'exit 42' USR1; echo ready; while :; do sleep 0.05; done"],
  ]);
  await once(child.stdout, 'data');
  child.kill('SIGUSR1');
  assert.equal(await once(child, 'exit'), [42, null]);
});

test('when it is killed, so is the command', async () => {
  needNamespaces();
  const child = start('enter', [...maps, ['exec', 'sh', '-c', 'echo $$; exec sleep 60']]);
  const pid = Number((await once(child.stdout, 'data'))[0]);
  assert.match(identify(pid).start, /^\d+$/);
  child.kill('SIGKILL');
  await eventually(() => identify(pid).start === '');
});

test('trees are removed, and one that is not there is no failure', () => {
  needNamespaces();
  const dir = directory();
  mkdirSync(join(dir, 'a b/c'), { recursive: true });
  writeFileSync(join(dir, 'a b/c/d\ne'), '');
  assert.equal(enter(['remove', join(dir, 'a b'), join(dir, 'missing')]), {
    code: 0,
    stdout: '',
    stderr: '',
  });
  assert.not(existsSync(join(dir, 'a b')));
});

test('what trees take is counted as du does, and a file with several names once', () => {
  needNamespaces();
  const dir = directory();
  mkdirSync(join(dir, 'a/deep/er'), { recursive: true });
  mkdirSync(join(dir, 'b'));
  writeFileSync(join(dir, 'a/deep/er/file'), 'x'.repeat(10_000));
  linkSync(join(dir, 'a/deep/er/file'), join(dir, 'b/again'));
  symlinkSync('/', join(dir, 'b/root'));
  const trees = [join(dir, 'a'), join(dir, 'b'), join(dir, 'none'), join(dir, 'a/deep/er/file')];
  const { code, stdout, stderr } = enter(['disk-usage', ...trees]);
  assert.equal({ code, stderr }, { code: 0, stderr: '' });
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => line.split(' ').map(Number));
  const du = execFileSync('du', ['-s', '-B1', trees[0]!, trees[1]!], { encoding: 'utf8' });
  assert.equal(
    lines.slice(0, 2).map(([allocated]) => allocated),
    du
      .trim()
      .split('\n')
      .map((line) => Number(line.split('\t')[0])),
  );
  assert.equal(
    lines.map(([, size, files]) => [size, files]),
    [
      [10_000, 4],
      [0, 2],
      [0, 0],
      [0, 0],
    ],
  );
});

test('all in a tree is given away, but nothing that links lead to', () => {
  needNamespaces();
  const dir = directory();
  mkdirSync(join(dir, 'a/b'), { recursive: true });
  symlinkSync('/etc/passwd', join(dir, 'a/b/link'));
  const owner = statSync('/etc/passwd').uid;
  assert.equal(enter(['chown', '0', '0', join(dir, 'a')]), { code: 0, stdout: '', stderr: '' });
  const refused = enter(['chown', '77', '77', join(dir, 'a')], ['exec', 'true']);
  assert.is(statSync('/etc/passwd').uid, owner);
  if (refused.code === 0) assert.is.not(statSync(join(dir, 'a/b')).uid, process.getuid!());
  else assert.match(refused.stderr, /^Error: cannot change the owner of what is in /);
});

test('a job that fails ends the rest', () => {
  needNamespaces();
  const dir = directory();
  assert.is(enter(['apply', '/nonexistent'], ['exec', 'touch', join(dir, 'x')]).code, 125);
  assert.not(existsSync(join(dir, 'x')));
});

test('an id map that can not be written is an error, and nothing is left waiting', () => {
  needNamespaces();
  const bad = run('enter', [
    ['setgroups', 'deny'],
    ['uidmap', '0', '1', '5'],
    ['gidmap', '0', '1', '5'],
    ['exec', 'true'],
  ]);
  if (process.getuid!() === 0) return;
  assert.is(bad.code, 125);
  assert.match(bad.stderr, /^Error: cannot write \/proc\/\d+\/uid_map: Operation not permitted\n$/);
});

test.run();
