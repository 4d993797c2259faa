import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tscPod } from './program.ts';

test('--help prints usage, description, aliases and aligned flags on standard output', async () => {
  assert.equal(await tscPod('run', '--help'), {
    status: 0,
    stderr: '',
    stdout: `Usage:  tsc-pod run [OPTIONS] IMAGE [COMMAND] [ARG...]

Run a command in a new container

Aliases:
  tsc-pod run, tsc-pod container run

Options:
  -d, --detach                  Run in the background and print the id
  -e, --env list                Set an environment variable
  -h, --hostname name           Host name
  -i, --interactive             Keep standard input open
      --ip6 string              IPv6 address
  -m, --memory bytes            Limit of bytes
      --memory-swap string
      --name string             Name of the container
      --network network         Connect to a network
  -p, --publish port            Publish a port
      --pull policy             When to pull (default "missing")
      --rm                      Remove the container at its end
      --sig-proxy               Pass signals on to the process (default true)
  -t, --tty                     Give the process a terminal
  -u, --user name|uid[:group]   User
  -v, --volume volume           Bind mount a volume
`,
  });
});

test('-h is help where the command does not use it for itself', async () => {
  assert.is((await tscPod('rm', '-h')).stdout, (await tscPod('rm', '--help')).stdout);
  assert.is((await tscPod('run', '-h', 'box', '--help')).stdout, (await tscPod('help', 'run')).stdout);
});

test('help is given whatever stands behind it, but not for what the container gets', async () => {
  assert.is((await tscPod('rm', 'x', '--help', '--nonsense')).status, 0);
  assert.match((await tscPod('run', 'alpine', '--help')).stdout, '"command":["--help"]');
  assert.match((await tscPod('rm', '--', '--help')).stdout, '"containers":["--help"]');
});

test('an option that takes its value only behind an equals sign is shown so', async () => {
  assert.match((await tscPod('login', '--help')).stdout, '      --sign[=key]    Sign with a key\n');
});

test('the name of each kind of operand shows whether it is needed and repeats', async () => {
  const usageOf = async (...path: string[]) => (await tscPod(...path, '--help')).stdout.split('\n')[0];
  assert.is(await usageOf('exec'), 'Usage:  tsc-pod exec [OPTIONS] CONTAINER COMMAND [ARG...]');
  assert.is(await usageOf('rm'), 'Usage:  tsc-pod rm [OPTIONS] CONTAINER [CONTAINER...]');
  assert.is(await usageOf('login'), 'Usage:  tsc-pod login [OPTIONS] [REGISTRY]');
  assert.is(await usageOf('cp'), 'Usage:  tsc-pod cp SOURCE TARGET|-');
});

test('examples name the program', async () => {
  assert.match((await tscPod('rm', '--help')).stdout, 'Examples:\n  Whatever runs\n    tsc-pod rm -f web\n');
});

test('nothing, help and --help list the commands', async () => {
  const { status, stdout, stderr } = await tscPod();
  assert.equal([status, stderr], [0, '']);
  assert.is(stdout, (await tscPod('--help')).stdout);
  assert.is(stdout, (await tscPod('-h')).stdout);
  assert.is(stdout, (await tscPod('help')).stdout);
  assert.match(stdout, 'Common Commands:\n  run   Run a command in a new container\n');
  assert.match(
    stdout,
    'Management Commands:\n  container   Manage containers\n  system      Manage tsc-pod itself\n',
  );
  assert.match(stdout, '\n  -v, --version ');
  assert.not.match(stdout, 'fail');
});

test('a group lists its commands', async () => {
  const { status, stdout } = await tscPod('container');
  assert.is(status, 0);
  assert.is(
    stdout,
    `Usage:  tsc-pod container COMMAND

Manage containers

Commands:
  rm    Remove containers
  run   Run a command in a new container

Run 'tsc-pod container COMMAND --help' for more information on a command.
`,
  );
  assert.is((await tscPod('container', '--help')).stdout, stdout);
});

test('the version is printed by -v and --version, before any command', async () => {
  for (const flag of ['-v', '--version'])
    assert.equal(await tscPod(flag), { status: 0, stdout: 'tsc-pod version 1.2.3\n', stderr: '' });
  assert.is((await tscPod('run', '-v', '/a:/b', 'alpine')).status, 0);
});

test.run();
