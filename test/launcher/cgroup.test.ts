import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { encodePlan, type Operation } from '../../rootless/plan.ts';
import { buildDriver, scratch } from './build.ts';
import { run } from './drivers.ts';

/** A directory of plain files stands for the kernel's: what is written to one file is the last word that was. */
const driver = buildDriver('cgroup', ['cgroup.c', 'plan.c', 'die.c']);

/** parent/base, with the files that the kernel would make, and the container's group in it. */
function hierarchy(files: string[] = [], events = ''): { parent: string; base: string; container: string } {
  const parent = mkdtempSync(join(scratch(), 'cgroup-'));
  const base = join(parent, 'base');
  const container = join(base, 'container');
  mkdirSync(join(base, 'monitor'), { recursive: true });
  mkdirSync(container);
  for (const group of [parent, base, join(base, 'monitor'), container])
    for (const file of ['cgroup.procs', 'cgroup.subtree_control']) writeFileSync(join(group, file), '');
  for (const file of files) writeFileSync(join(container, file), '');
  writeFileSync(join(container, 'memory.events'), events);
  return { parent, base, container };
}

const runtime = mkdtempSync(join(scratch(), 'runtime-'));
const ways = (letters: string, operations: Operation[], ...more: string[]) =>
  run(driver, [letters, encodePlan('run', operations), ...more], '', { cwd: runtime });
const read = (...path: string[]) => readFileSync(join(...path), 'utf8');

test('the monitor moves into its leaf, the controllers are handed down, the container is placed', () => {
  const { base, container } = hierarchy();
  const ran = ways(
    'mp',
    [
      ['cgroup-base', base],
      ['cgroup-container', 'container'],
      ['cgroup-controllers', '+memory', '+pids'],
    ],
    '4321',
  );
  assert.equal(ran, { code: 0, stdout: '', stderr: '' });
  assert.match(read(base, 'monitor/cgroup.procs'), /^\d+$/);
  assert.is(
    read(base, 'cgroup.subtree_control'),
    '+pidsry',
    'each controller by itself: one that is refused takes no other with it',
  );
  assert.is(read(container, 'cgroup.procs'), '4321');
  assert.is(read(runtime, 'cgroup'), `${container}\n`, 'told in the runtime directory');
});

test('a setting goes into the first of its files that is there', () => {
  const { base, container } = hierarchy(['memory.max', 'cpu.weight']);
  const ran = ways('m', [
    ['cgroup-base', base],
    ['cgroup-container', 'container'],
    ['cgroup-set', 'memory.max', '1048576'],
    ['cgroup-set', 'io.bfq.weight', '100', 'cpu.weight', '50'],
    ['cgroup-try', 'memory.oom.group', '1'],
  ]);
  assert.equal(ran, { code: 0, stdout: '', stderr: '' });
  assert.equal([read(container, 'memory.max'), read(container, 'cpu.weight')], ['1048576', '50']);
});

test('a limit whose file is missing is an error that names it', () => {
  const { base, container } = hierarchy();
  const ran = ways('m', [
    ['cgroup-base', base],
    ['cgroup-container', 'container'],
    ['cgroup-set', 'pids.max', '7'],
  ]);
  assert.equal(ran, {
    code: 125,
    stdout: '',
    stderr: `Error: cannot set the limit pids.max: the cgroup ${container} has no such file\n`,
  });
});

test('a limit that the kernel refuses is an error with its value', () => {
  const { base, container } = hierarchy();
  mkdirSync(join(container, 'pids.max'));
  const ran = ways('m', [
    ['cgroup-base', base],
    ['cgroup-container', 'container'],
    ['cgroup-set', 'pids.max', '7'],
  ]);
  assert.equal(ran, {
    code: 125,
    stdout: '',
    stderr: 'Error: cannot set the limit pids.max to 7: Is a directory\n',
  });
});

test('a base that can not be made is an error, unless it is only wished for', () => {
  const nowhere = '/nonexistent/base';
  const operations = (...more: string[]): Operation[] => [
    ['cgroup-base', nowhere, ...more],
    ['cgroup-container', 'c'],
    ['cgroup-set', 'pids.max', '7'],
  ];
  for (const more of [[], ['required']])
    assert.equal(ways('m', operations(...more)), {
      code: 125,
      stdout: '',
      stderr: `Error: cannot make a cgroup below ${nowhere}: No such file or directory\n`,
    });
  assert.equal(ways('mpor', operations('wished')), { code: 0, stdout: 'not killed\n', stderr: '' });
});

test('without a cgroup in the plan nothing is done', () => {
  assert.equal(ways('mpor', []), { code: 0, stdout: 'not killed\n', stderr: '' });
});

test('a kill for memory is read from memory.events, whatever its other lines', () => {
  const told = (events: string) => {
    const { base } = hierarchy([], events);
    return ways('mo', [
      ['cgroup-base', base],
      ['cgroup-container', 'container'],
    ]).stdout;
  };
  assert.is(told('low 0\nhigh 0\nmax 12\noom 1\noom_kill 1\noom_group_kill 0\n'), 'killed for memory\n');
  assert.is(told('low 0\nhigh 0\nmax 12\noom 1\noom_kill 0\noom_group_kill 1\n'), 'not killed\n');
  assert.is(told(''), 'not killed\n');
});

test('processes that are in the way are moved into a leaf', () => {
  const { parent } = hierarchy();
  writeFileSync(join(parent, 'cgroup.procs'), '11\n22\n33\n');
  mkdirSync(join(parent, 'others'));
  writeFileSync(join(parent, 'others/cgroup.procs'), '');
  const { base } = hierarchy();
  const ran = ways('m', [
    ['cgroup-evacuate', parent, 'others'],
    ['cgroup-base', base],
    ['cgroup-container', 'container'],
  ]);
  assert.equal(ran, { code: 0, stdout: '', stderr: '' });
  assert.is(read(parent, 'others/cgroup.procs'), '33');
});

test('what was there before stays, what was made goes', () => {
  const { parent, base } = hierarchy();
  assert.is(
    ways('mr', [
      ['cgroup-base', base],
      ['cgroup-container', 'container'],
    ]).code,
    0,
  );
  assert.ok(existsSync(base));
  const own = join(parent, 'own');
  // Its leaf has no cgroup.procs, as on no cgroup file system: the monitor can't move, and that is told.
  const ran = ways('m', [
    ['cgroup-base', own],
    ['cgroup-container', 'container'],
  ]);
  assert.equal(
    [ran.code, ran.stderr],
    [125, `Error: cannot make a cgroup below ${own}: No such file or directory\n`],
  );
});

test('joining writes the own process into the group', () => {
  const { container } = hierarchy();
  assert.is(ways('j', [['cgroup-join', container]]).code, 0);
  assert.match(read(container, 'cgroup.procs'), /^\d+$/);
  const ran = ways('j', [['cgroup-join', '/nonexistent']]);
  assert.equal(ran, {
    code: 125,
    stdout: '',
    stderr: "Error: cannot move into the container's cgroup /nonexistent: No such file or directory\n",
  });
});

test.run();
