import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { reportError } from '../../../../cli/output/error.ts';
import { type ErrorDetail, PodError } from '../../../../core/error.ts';
import { tscPod } from '../program.ts';

function report(error: unknown, { debug = false, isTTY = false, env = {} as Record<string, string> } = {}) {
  let text = '';
  const stderr = { isTTY, write: (chunk: string) => (text += chunk) };
  const status = reportError(error, { env, stderr }, { debug });
  return { status, text };
}

const pod = (detail: Partial<ErrorDetail>) =>
  new PodError({ code: 'io', message: 'cannot pull x', ...detail });

test('an error is one line, with its reason', () => {
  assert.equal(report(pod({})), { status: 125, text: 'Error: cannot pull x\n' });
  assert.is(report(pod({ why: 'it is gone' })).text, 'Error: cannot pull x: it is gone\n');
});

test('a hint is a line of its own', () => {
  assert.is(report(pod({ why: 'y', hint: 'Try z.' })).text, 'Error: cannot pull x: y\nTry z.\n');
  assert.is(
    report(pod({ hint: 'Install it:\n  apt install z\n' })).text,
    'Error: cannot pull x\nInstall it:\n  apt install z\n',
  );
});

test('never more than three lines, whatever the message holds', () => {
  const text = report(pod({ message: 'a\nb', why: 'c\r\nd', hint: 'e\nf\ng\nh' })).text;
  assert.is(text, 'Error: a\\nb: c\\r\\nd\ne\nf g h\n');
});

test('the exit status is the error`s own', () => {
  assert.is(report(pod({ exitCode: 127 })).status, 127);
});

test('control characters from outside are shown, not obeyed', () => {
  const text = report(pod({ message: 'no \u001b[2Jx\u0007\u009b\u202ey', why: '\u0000', hint: 'a\tb' })).text;
  assert.is(text, 'Error: no \\x1b[2Jx\\x07\\x9b\\u202ey: \\x00\na\\tb\n');
});

test("what the machine's state explains is no bug", () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
    code: 'ENOSPC',
    syscall: 'write',
  });
  assert.equal(report(full), {
    status: 125,
    text: 'Error: cannot write: the disk is full\nfree some space: tsc-pod system prune, or another disk with --root DIR\n',
  });
  const denied = Object.assign(new Error('x'), { code: 'EACCES', syscall: 'mkdir', path: '/no' });
  assert.is(
    report(denied).text,
    'Error: cannot mkdir /no: permission denied\nuse another place with --root DIR\n',
  );
});

test('red only on a terminal that wants colours', () => {
  const red = '\u001b[31mError:\u001b[39m cannot pull x\n';
  assert.is(report(pod({}), { isTTY: true }).text, red);
  assert.is(report(pod({}), { isTTY: true, env: { NO_COLOR: '' } }).text, red);
  assert.is(report(pod({}), { isTTY: true, env: { NO_COLOR: '1' } }).text, 'Error: cannot pull x\n');
  assert.is(report(pod({}), { isTTY: true, env: { TERM: 'dumb' } }).text, 'Error: cannot pull x\n');
});

test('an error that nobody foresaw is called a bug, and says how to get the details', () => {
  const { status, text } = report(new TypeError('x is not\na function'));
  assert.is(status, 125);
  assert.is(
    text,
    'Error: this is a bug in tsc-pod: TypeError: x is not\\na function\n' +
      'Run the same command with --debug before its name and report what it prints.\n',
  );
  assert.match(report('thrown').text, 'bug in tsc-pod: thrown\n');
  assert.match(report(undefined).text, 'bug in tsc-pod: undefined\n');
});

test('the stack and the causes are shown with --debug only', () => {
  const cause = new Error('deep');
  const error = pod({ cause });
  assert.not.match(report(error).text, 'error.test.ts');
  const { text } = report(error, { debug: true });
  assert.match(text, 'Error: cannot pull x\nPodError: cannot pull x\n    at ');
  assert.match(text, ' [io]\ncaused by: Error: deep\n    at ');
});

test('causes that go in a circle end', () => {
  const error: Error = new Error('a');
  error.cause = error;
  assert.match(report(error, { debug: true }).text, 'Error: a');
});

test('a reader that went away is told nothing', () => {
  assert.equal(report(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })), { status: 141, text: '' });
});

test('commands that throw end with the status and the lines of their error', async () => {
  assert.equal(await tscPod('fail', 'x'), {
    status: 3,
    stdout: '',
    stderr: 'Error: cannot find x: gone\nLook.\n',
  });
  assert.is((await tscPod('fail', 'bug')).status, 125);
  assert.match((await tscPod('--debug', 'fail', 'bug')).stderr, 'at Fail.execute');
  assert.not.match((await tscPod('fail', 'bug')).stderr, 'at Fail.execute');
  for (const level of ['debug', 'trace', 'DEBUG'])
    assert.match((await tscPod('fail', '--log-level', level, 'bug')).stderr, 'at Fail.execute');
  assert.not.match((await tscPod('--log-level=info', 'fail', 'bug')).stderr, 'at Fail.execute');
  assert.equal(await tscPod('fail', 'pipe'), { status: 141, stdout: '', stderr: '' });
});

test.run();
