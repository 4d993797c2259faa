/** The filters in the running kernel: what it answers to a process under them. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { DEFAULT_CAPABILITIES } from '../../../../rootless/capabilities.ts';
import type { OciSeccomp } from '../../../../rootless/seccomp/oci.ts';
import { defaultSeccomp, machine, seccompProgram } from '../../../../rootless/seccomp/program.ts';
import { ABIS } from '../../../../rootless/seccomp/syscall-tables.ts';
import { skip } from '../../../runner/skip.ts';
import { buildC } from './build-c.ts';

const { EPERM, ENOSYS, EAFNOSUPPORT, EFAULT, EINVAL } = constants.errno;
const [native, compat] = ABIS[machine()];

const folder = mkdtempSync(join(tmpdir(), 'seccomp-kernel-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

let programs: { under: string; call: string } | undefined;
const built = () => {
  programs ??= { under: buildC('under-filter.c'), call: buildC('call.c') };
  return programs;
};

function underFilter(
  profile: OciSeccomp,
  ...command: string[]
): { status: number | null; signal: string | null; out: string; err: string } {
  const file = join(folder, 'filter.bpf');
  writeFileSync(file, seccompProgram(profile));
  const result = spawnSync(built().under, [file, ...command], {
    encoding: 'utf8',
    timeout: 20_000,
    input: '',
  });
  return {
    status: result.status,
    signal: result.signal,
    out: result.stdout.trim(),
    err: result.stderr.trim(),
  };
}

const byDefault = defaultSeccomp(DEFAULT_CAPABILITIES);

/** `ok`, or the errno of one call under the default filter. */
function answer(name: string, ...args: (number | bigint)[]): string {
  const number = native.numbers.get(name)!;
  return underFilter(byDefault, built().call, 'native', String(number), ...args.map(String)).out;
}

test('the kernel takes the default filter, and refuses what it should', () => {
  assert.is(answer('getpid'), 'ok');
  // Each of these calls would fail otherwise too, or harm nothing but the process that makes it.
  assert.is(answer('mount'), String(EPERM));
  assert.is(answer('unshare', 0x04000000), String(EPERM));
  assert.is(answer('setns', 2 ** 31 - 1), String(EPERM));
  assert.is(answer('keyctl', 0, -3), String(EPERM));
  assert.is(answer('bpf', 99), String(EPERM));
  assert.is(answer('io_uring_setup', 1, 0), String(EPERM));
  assert.is(answer('clone', 0x10000011), String(EPERM));
  assert.is(answer('clone3', 0, 0), String(ENOSYS));
  assert.is(answer('socket', 40, 1), String(EPERM));
  assert.is(answer('socket', 0x1_0000_0028n, 1), String(EAFNOSUPPORT));
  assert.is(answer('socket', 1, 1), 'ok');
  assert.is(answer('ioctl', 0, 0x5412, 0), String(EPERM));
  assert.is(answer('personality', 0xffffffff), 'ok');
  assert.is(answer('personality', 6), String(ENOSYS));
});

test('a call that no table knows does not exist', () => {
  const ask = (number: number) => underFilter(byDefault, built().call, 'native', String(number)).out;
  assert.equal(
    [ask(500), ask(0x3fffffff), ask(0x40000027)],
    [String(ENOSYS), String(ENOSYS), String(ENOSYS)],
  );
});

if (machine() === 'x64') {
  const i386 = (profile: OciSeccomp, name: string, ...args: number[]) =>
    underFilter(profile, built().call, 'i386', String(compat!.numbers.get(name)), ...args.map(String));
  /** A kernel may be built without 32-bit programs: then nothing is there to be filtered. */
  const there = () => spawnSync(built().call, ['i386', '20'], { encoding: 'utf8' }).stdout.trim() === 'ok';

  test('calls by the 32-bit gate have rules of their own', () => {
    if (!there()) skip('this kernel runs no 32-bit programs');
    assert.is(i386(byDefault, 'getpid').out, 'ok');
    assert.is(i386(byDefault, 'mount').out, String(EPERM));
    assert.is(i386(byDefault, 'clone3').out, String(ENOSYS));
    assert.is(i386(byDefault, 'socket', 40, 1).out, String(EPERM));
    assert.is(i386(byDefault, 'socketcall', 3, 0).out, String(EFAULT));
  });

  test('where the profile does not list them they end the process', () => {
    if (!there()) skip('this kernel runs no 32-bit programs');
    const narrow: OciSeccomp = { defaultAction: 'SCMP_ACT_ALLOW', architectures: ['SCMP_ARCH_X86_64'] };
    assert.is(i386(narrow, 'getpid').signal, 'SIGSYS');
  });
}

test('every action does in the kernel what it says', () => {
  const getppid = (action: string, errnoRet?: number) => {
    const rule = { names: ['getppid'], action, ...(errnoRet === undefined ? {} : { errnoRet }) };
    const profile: OciSeccomp = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [rule] };
    return underFilter(profile, built().call, 'native', String(native.numbers.get('getppid')));
  };
  assert.is(getppid('SCMP_ACT_ERRNO').out, String(EPERM));
  assert.is(getppid('SCMP_ACT_ERRNO', EINVAL).out, String(EINVAL));
  assert.is(getppid('SCMP_ACT_LOG').out, 'ok');
  assert.is(getppid('SCMP_ACT_TRACE').out, String(ENOSYS), 'there is no tracer');
  for (const action of ['SCMP_ACT_TRAP', 'SCMP_ACT_KILL', 'SCMP_ACT_KILL_THREAD', 'SCMP_ACT_KILL_PROCESS']) {
    assert.is(getppid(action).signal, 'SIGSYS', action);
  }
});

const script = [
  'set -e; cd "$1"; mkdir -p a/b; echo hello >a/b/f; ln -s f a/b/l; cp -a a c; chmod 600 c/b/f; mv c/b/f c/b/g',
  'tar cf t.tar a; gzip -c t.tar | gunzip | tar tf - | sort | wc -l; (sleep 0.01 &) ; find a -type f -exec cat {} +',
  'ps >/dev/null; date >/dev/null; id -u >/dev/null; df . >/dev/null; stat a >/dev/null; rm -r a c t.tar',
];

const ordinary: [what: string, command: string[], out: RegExp][] = [
  ['a shell and its tools', ['sh', '-c', script.join('\n'), 'sh', folder], /^\d\nhello$/],
  ['threads, sockets and crypto in node', [process.execPath, '-e', nodeScript()], /^done$/],
  ['python with threads and processes', ['python3', '-c', pythonScript()], /^12 done$/],
  ['busybox', ['busybox', 'sh', '-c', 'busybox ls / | busybox grep -c usr'], /^1$/],
  ['perl', ['perl', '-e', 'my $p = fork // die; exit 0 unless $p; wait; print "done"'], /^done$/],
  ['a traced process', ['strace', '-qq', '-e', 'trace=none', 'sh', '-c', 'echo done'], /^done$/],
  [
    'a debugger, without a word on address space randomization',
    ['gdb', '-q', '-batch', '-nx', '-ex', 'run', '--args', '/bin/true'],
    /exited normally/,
  ],
  [
    'a compiler',
    ['sh', '-c', 'echo "int main(void){return 0;}" | gcc -x c - -o "$0/p" && "$0/p" && echo done', folder],
    /^done$/,
  ],
  ['apt', ['apt-get', '--version'], /^apt /],
];

function nodeScript(): string {
  return `
    const { Worker } = require('node:worker_threads');
    const server = require('node:net').createServer((s) => s.end('x')).listen(0, '127.0.0.1', () => {
      require('node:net').connect(server.address().port, '127.0.0.1').on('data', () => {
        new Worker('require("fs").readdirSync("/")', { eval: true }).on('exit', () => {
          require('node:crypto').randomBytes(8);
          require('node:child_process').execFileSync('true');
          server.close(() => console.log('done'));
        });
      });
    });`;
}

function pythonScript(): string {
  return `
import concurrent.futures as f, subprocess, tempfile, multiprocessing.shared_memory as m
s = m.SharedMemory(create=True, size=64); s.close(); s.unlink()
with f.ThreadPoolExecutor(4) as t: n = sum(t.map(lambda i: 2 * i, range(4)))
subprocess.run(['true'], check=True)
with tempfile.NamedTemporaryFile() as x: x.write(b'x')
print(n, 'done')`;
}

for (const [what, command, out] of ordinary) {
  test(`ordinary software works under the default filter: ${what}`, () => {
    if (spawnSync('sh', ['-c', 'command -v "$1"', 'sh', command[0]!]).status !== 0)
      skip(`there is no ${command[0]}`);
    const result = underFilter(byDefault, ...command);
    assert.match(`${result.out}`, out, result.err);
    assert.not.match(result.err, /Bad system call|address space randomization/);
  });
}

test.run();
