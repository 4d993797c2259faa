import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { chooseColumns } from '../../../../cli/top/choose-columns.ts';
import { refusal } from '../../core/container/fixtures.ts';

const titles = (...words: string[]) =>
  chooseColumns(words)
    .map(({ title }) => title)
    .join(' ');

test('without words there are the columns of ps -ef, as docker has them', () => {
  for (const words of [[], ['-ef'], ['-fe'], ['-eF'], ['-e', '-f'], ['-f']])
    assert.is(titles(...words), 'UID PID PPID C STIME TTY TIME CMD', words.join(' '));
});

test('the styles of ps', () => {
  for (const words of [['aux'], ['-aux'], ['u'], ['auxww']])
    assert.is(titles(...words), 'USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND', words.join(' '));
  assert.is(titles('-e'), 'PID TTY TIME CMD');
  assert.is(titles('ax'), 'PID TTY STAT TIME COMMAND');
  assert.is(titles('-el'), 'S UID PID PPID C PRI NI SZ TTY TIME CMD');
});

test('columns by name: of ps -o, with titles, and of podman', () => {
  assert.is(titles('-o', 'pid,user=WHO,args'), 'PID WHO COMMAND');
  assert.is(titles('-eo', 'pid,comm'), 'PID COMMAND');
  assert.is(titles('-opid,ppid'), 'PID PPID');
  assert.is(titles('--format=pid'), 'PID');
  assert.is(titles('pid', 'huser', 'hpid', 'capeff', 'seccomp'), 'PID HUSER HPID EFFECTIVE CAPS SECCOMP');
  assert.is(titles('pid,%CPU,etime'), 'PID %CPU ELAPSED');
  assert.is(titles('-ef', '-o', 'pid'), 'PID');
});

test('what is unknown is told, with what is near', () => {
  assert.match(
    refusal(() => chooseColumns(['usr'])),
    /^usage: unknown column "usr"/,
  );
  assert.match(
    refusal(() => chooseColumns(['-u', 'root'])),
    /^usage: cannot use the ps option -u/,
  );
  assert.match(
    refusal(() => chooseColumns(['--forest'])),
    /^usage: cannot use the ps option --forest/,
  );
});

test.run();
