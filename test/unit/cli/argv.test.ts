import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseArgv } from '../../../cli/argv.ts';
import { parsedBy, table, tscPod } from './program.ts';

async function refused(argv: string[], stderr: string) {
  assert.equal(await tscPod(...argv), { status: 125, stdout: '', stderr });
}

test('shorthands of booleans share one word', async () => {
  const run = await parsedBy('run', '-itd', 'alpine');
  assert.equal([run.interactive, run.tty, run.detach, run.image], [true, true, true, 'alpine']);
});

test('the last shorthand of a word takes its value from the next word', async () => {
  const run = await parsedBy('run', '-itu', 'root', 'alpine');
  assert.equal([run.interactive, run.tty, run.user], [true, true, 'root']);
});

test('a shorthand takes its value from its own word', async () => {
  const run = await parsedBy('run', '-p8080:80', '-eA=b', '-v/a:/b', '-tuwww', '-m64', 'alpine');
  assert.equal(run.publish, ['8080:80']);
  assert.equal(run.env, ['A=b']);
  assert.equal(run.volume, ['/a:/b']);
  assert.equal([run.tty, run.user, run.memory], [true, 'www', 64]);
});

test('an equals sign behind a shorthand is no part of its value, unless it is all of it', async () => {
  const run = await parsedBy('run', '-e=A=b', '-u=', '-t=false', 'alpine');
  assert.equal(run.env, ['A=b']);
  assert.equal(run.user, '=');
  assert.is(run.tty, false);
});

test('a long option takes its value behind a space or an equals sign', async () => {
  assert.is((await parsedBy('run', '--name', 'x', 'alpine')).name, 'x');
  assert.is((await parsedBy('run', '--name=x', 'alpine')).name, 'x');
  assert.is((await parsedBy('run', '--name=', 'alpine')).name, '');
  assert.is((await parsedBy('run', '--name=a=b', 'alpine')).name, 'a=b');
  assert.is((await parsedBy('run', '--ip6=fd00::2', 'alpine')).ip6, 'fd00::2');
});

test('a value may begin with a dash, be a dash pair, look like a flag or be empty', async () => {
  for (const value of ['-1', '--', '-', '--rm', '-it', '', ' ', '--name=x']) {
    assert.is((await parsedBy('run', '--memory-swap', value, 'alpine')).swap, value);
    assert.is((await parsedBy('run', `--memory-swap=${value}`, 'alpine')).swap, value);
  }
});

test('values survive byte for byte', async () => {
  const values = [
    'a\nb',
    '\n',
    '\r\n',
    '\u0000',
    '\u0001',
    '"\'`$(x)\\',
    'ü😀\u202e',
    'A=b=c',
    'x'.repeat(100_000),
  ];
  for (const value of values) {
    const run = await parsedBy('run', '-e', value, `--env=${value}`, `-e${value}`, 'alpine', value);
    assert.equal(run.env, [value, value, value]);
    assert.equal(run.command, [value]);
  }
});

test('booleans take the words that Go takes for true and false', async () => {
  for (const word of ['1', 't', 'T', 'TRUE', 'true', 'True'])
    assert.is((await parsedBy('run', `--rm=${word}`, 'alpine')).remove, true);
  for (const word of ['0', 'f', 'F', 'FALSE', 'false', 'False'])
    assert.is((await parsedBy('run', `--sig-proxy=${word}`, 'alpine')).sigProxy, false);
  await refused(
    ['run', '--rm=maybe', 'alpine'],
    `Error: invalid argument "maybe" for --rm: it takes true or false\nSee 'tsc-pod run --help'.\n`,
  );
});

test('a boolean leaves the next word alone', async () => {
  const run = await parsedBy('run', '--rm', 'false');
  assert.equal([run.remove, run.image], [true, 'false']);
});

test('options that repeat add up, others take the last value', async () => {
  const run = await parsedBy(
    'run',
    '-e',
    'A=1',
    '--name',
    'a',
    '--env',
    'B=2',
    '--name',
    'b',
    '-eC',
    'alpine',
  );
  assert.equal(run.env, ['A=1', 'B=2', 'C']);
  assert.is(run.name, 'b');
});

test('as many operands as the kernel lets through are taken', async () => {
  const many: string[] = Array(300_000).fill('x');
  const invocation = await parseArgv(['run', '--'].concat(many), table);
  assert.is(invocation.kind === 'command' && invocation.operands.length, 300_000);
});

test('an alias of an option is the same option', async () => {
  assert.is((await parsedBy('run', '--net', 'host', 'alpine')).network, 'host');
});

test('the first operand of run ends its options, and the rest is left as it is', async () => {
  const rest = ['--rm', '-it', '--', '', '--help', '-h', 'a b', '-', '--name=x', '\u0000'];
  const run = await parsedBy('run', '-t', 'alpine', ...rest);
  assert.equal(run.command, rest);
  assert.is(run.remove, false);
});

test('a dash pair before the first operand of run is taken, one behind it is the container`s', async () => {
  assert.equal((await parsedBy('run', '--', 'alpine', '--', 'x')).command, ['--', 'x']);
  assert.is((await parsedBy('run', '--', '-odd')).image, '-odd');
});

test('an empty word and a dash are operands', async () => {
  assert.is((await parsedBy('run', '')).image, '');
  assert.equal((await parsedBy('rm', '-', '')).containers, ['-', '']);
});

test('exec stops at its container', async () => {
  const exec = await parsedBy('exec', '-t', 'web', 'ls', '-t', '--', '--help');
  assert.equal([exec.container, exec.command], ['web', ['ls', '-t', '--', '--help']]);
});

test('commands without a container`s rest take options between and behind their operands', async () => {
  const rm = await parsedBy('rm', 'a', '-f', 'b', '--time', '1m', '--', '-c', '--force');
  assert.equal([rm.force, rm.time, rm.containers], [true, 60_000, ['a', 'b', '-c', '--force']]);
});

test('operands fill required, optional and remaining places in their order', async () => {
  const cp = await parsedBy('cp', 'a', 'b');
  assert.equal([cp.source, cp.target], ['a', 'b']);
  assert.is((await parsedBy('login', '--must', 'x')).registry, undefined);
  assert.is((await parsedBy('login', '--must', 'x', 'ghcr.io')).registry, 'ghcr.io');
});

test('global options stand before the command, between its words and behind it', async () => {
  for (const argv of [
    ['--root', '/x', 'system', 'df'],
    ['system', '--root=/x', 'df'],
    ['system', 'df', '--root', '/x'],
  ])
    assert.is((await parsedBy(...argv)).root, '/x');
  const run = await parsedBy(
    '--log-level',
    'info',
    '--debug',
    'run',
    '--log-level=error',
    'alpine',
    '--root',
    'y',
  );
  assert.equal([run.logLevel, run.debug, run.root], ['error', true, undefined]);
});

test('a value that an option refuses is told with the option', async () => {
  await refused(
    ['run', '-m', 'lots', 'alpine'],
    'Error: invalid number "lots" for -m, --memory: it takes a whole number from 0\n' +
      `See 'tsc-pod run --help'.\n`,
  );
  await refused(
    ['--storage-driver', 'btrfs', 'system', 'df'],
    'Error: invalid value "btrfs" for --storage-driver: it takes auto, overlay, fuse-overlayfs or copy\n' +
      `See 'tsc-pod system df --help'.\n`,
  );
});

test('the levels are those of podman', async () => {
  for (const level of ['trace', 'debug', 'info', 'warn', 'warning', 'error', 'fatal', 'panic'])
    assert.is((await parsedBy('--log-level', level, 'system', 'df')).logLevel, level);
  await refused(
    ['--log-level', 'loud', 'system', 'df'],
    'Error: invalid value "loud" for --log-level: it takes trace, debug, info, warn, warning, error, fatal or panic\n' +
      `See 'tsc-pod system df --help'.\n`,
  );
});

test('an option whose value is optional takes it behind an equals sign only', async () => {
  const login = await parsedBy('login', '--sign', '--must=x', 'host');
  assert.equal([login.sign, login.registry], [true, 'host']);
  assert.is((await parsedBy('login', '--sign=key', '--must=x')).sign, 'key');
});

test('a path of several names leads to one command', async () => {
  assert.equal((await parsedBy('container', 'rm', 'x')).path, ['container', 'rm']);
  assert.equal((await parsedBy('rm', 'x')).path, ['rm']);
});

test('unknown flags are refused, with the near one', async () => {
  await refused(['run', '--foo', 'alpine'], `Error: unknown flag: --foo\nSee 'tsc-pod run --help'.\n`);
  await refused(
    ['run', '--nmae=x', 'alpine'],
    `Error: unknown flag: --nmae\nDid you mean --name? See 'tsc-pod run --help'.\n`,
  );
  await refused(
    ['run', '--secret-fla', 'x'],
    `Error: unknown flag: --secret-fla\nSee 'tsc-pod run --help'.\n`,
  );
  await refused(['--fo', 'run', 'x'], `Error: unknown flag: --fo\nSee 'tsc-pod --help'.\n`);
  await refused(
    ['container', '--debgu'],
    `Error: unknown flag: --debgu\nDid you mean --debug? See 'tsc-pod container --help'.\n`,
  );
});

test('unknown shorthands are refused as docker words it', async () => {
  await refused(['run', '-q', 'x'], `Error: unknown shorthand flag: 'q' in -q\nSee 'tsc-pod run --help'.\n`);
  await refused(
    ['run', '-iqt', 'x'],
    `Error: unknown shorthand flag: 'q' in -qt\nSee 'tsc-pod run --help'.\n`,
  );
  await refused(
    ['run', '-😀', 'x'],
    `Error: unknown shorthand flag: '😀' in -😀\nSee 'tsc-pod run --help'.\n`,
  );
  await refused(
    ['run', '-name', 'x', 'alpine'],
    `Error: unknown shorthand flag: 'n' in -name\nDid you mean --name? See 'tsc-pod run --help'.\n`,
  );
});

test('a value that is missing is told', async () => {
  await refused(['run', '--name'], `Error: flag needs an argument: --name\nSee 'tsc-pod run --help'.\n`);
  await refused(['run', '-ip'], `Error: flag needs an argument: 'p' in -p\nSee 'tsc-pod run --help'.\n`);
  await refused(['--root'], `Error: flag needs an argument: --root\nSee 'tsc-pod --help'.\n`);
});

test('a flag that is none is refused', async () => {
  await refused(['run', '---x', 'a'], `Error: bad flag syntax: ---x\nSee 'tsc-pod run --help'.\n`);
  await refused(['run', '--=x', 'a'], `Error: bad flag syntax: --=x\nSee 'tsc-pod run --help'.\n`);
});

test('who asks for what only docker or podman has is told what to do instead', async () => {
  await refused(
    ['swarm', 'init'],
    'Error: unknown command "swarm" for "tsc-pod"\n' +
      'there is no Swarm: tsc-pod run --restart always keeps a container up\n',
  );
  await refused(
    ['run', '--gpus', 'all', 'alpine'],
    'Error: unknown flag: --gpus\n--device /dev/NAME   # gives a device of the host\n',
  );
});

test('an unknown command is refused, with the near one', async () => {
  await refused(['zzzz'], `Error: unknown command "zzzz" for "tsc-pod"\nSee 'tsc-pod --help'.\n`);
  await refused(
    ['rnu', '--x'],
    `Error: unknown command "rnu" for "tsc-pod"\nDid you mean tsc-pod run? See 'tsc-pod --help'.\n`,
  );
  await refused(
    ['container', 'rmm'],
    `Error: unknown command "rmm" for "tsc-pod container"\n` +
      `Did you mean tsc-pod container rm? See 'tsc-pod container --help'.\n`,
  );
  await refused(['help', 'zzzz'], `Error: unknown command "zzzz" for "tsc-pod"\nSee 'tsc-pod --help'.\n`);
  await refused([''], `Error: unknown command "" for "tsc-pod"\nSee 'tsc-pod --help'.\n`);
  await refused(
    ['constructor'],
    `Error: unknown command "constructor" for "tsc-pod"\nSee 'tsc-pod --help'.\n`,
  );
});

test('too few or too many operands are refused', async () => {
  await refused(['run'], `Error: "tsc-pod run" requires at least 1 argument\nSee 'tsc-pod run --help'.\n`);
  await refused(
    ['exec', 'x'],
    `Error: "tsc-pod exec" requires at least 2 arguments\nSee 'tsc-pod exec --help'.\n`,
  );
  await refused(['cp', 'x'], `Error: "tsc-pod cp" requires exactly 2 arguments\nSee 'tsc-pod cp --help'.\n`);
  await refused(
    ['login', 'a', 'b'],
    `Error: "tsc-pod login" requires at most 1 argument\nSee 'tsc-pod login --help'.\n`,
  );
  await refused(
    ['system', 'df', 'x'],
    `Error: "tsc-pod system df" accepts no arguments\nSee 'tsc-pod system df --help'.\n`,
  );
});

test('a required flag that is missing is told', async () => {
  await refused(['login'], `Error: required flag --must is not set\nSee 'tsc-pod login --help'.\n`);
});

test('what a person typed cannot control the terminal through an error', async () => {
  const { stderr } = await tscPod('run', '--\u001b[31mx', 'alpine');
  assert.is(stderr, `Error: unknown flag: --\\x1b[31mx\nSee 'tsc-pod run --help'.\n`);
});

test.run();
