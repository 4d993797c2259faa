import { PassThrough } from 'node:stream';
import { Option, PodCommand, type PodContext } from '../../../cli/command.ts';
import { type CommandTable, commandTable } from '../../../cli/command-table.ts';
import { dispatch } from '../../../cli/dispatch.ts';
import { parseDuration, parsed, parseInteger } from '../../../cli/parse.ts';
import { PodError } from '../../../core/error.ts';

/** Commands with flags as docker's; each prints its properties as JSON. */
abstract class Echo extends PodCommand {
  async execute() {
    const { context: _, path, cli: __, ...values } = this as Record<string, unknown>;
    this.printLine(JSON.stringify({ path, ...values }));
    return 0;
  }
}

class Run extends Echo {
  static override usage = { description: 'Run a command in a new container', category: 'Common Commands' };
  interactive = Option.Boolean('-i,--interactive', false, { description: 'Keep standard input open' });
  tty = Option.Boolean('-t,--tty', false, { description: 'Give the process a terminal' });
  detach = Option.Boolean('-d,--detach', false, { description: 'Run in the background and print the id' });
  remove = Option.Boolean('--rm', false, { description: 'Remove the container at its end' });
  sigProxy = Option.Boolean('--sig-proxy', true, { description: 'Pass signals on to the process' });
  user = Option.String('-u,--user', { description: 'User (`name|uid[:group]`)' });
  name = Option.String('--name', { description: 'Name of the container' });
  hostname = Option.String('-h,--hostname', { description: 'Host name (`name`)' });
  env = Option.Array('-e,--env', [], { description: 'Set an environment variable' });
  volume = Option.Array('-v,--volume', [], { description: 'Bind mount a `volume`' });
  publish = Option.Array('-p,--publish', [], { description: 'Publish a `port`' });
  memory = Option.String('-m,--memory', {
    validator: parsed((text) => parseInteger(text, 0)),
    description: 'Limit of `bytes`',
  });
  swap = Option.String('--memory-swap');
  network = Option.String('--network,--net', { description: 'Connect to a `network`' });
  ip6 = Option.String('--ip6', { description: 'IPv6 address' });
  pull = Option.String('--pull', 'missing', { description: 'When to pull (`policy`)' });
  secret = Option.String('--secret-flag', { hidden: true });
  image = Option.String();
  command = Option.Proxy();
}

class Exec extends Echo {
  static override usage = { description: 'Run a command in a container that runs' };
  tty = Option.Boolean('-t,--tty', false);
  container = Option.String({ name: 'container' });
  command = Option.Proxy({ required: 1, name: 'command' });
}

class Remove extends Echo {
  static override usage = {
    description: 'Remove containers',
    examples: [['Whatever runs', '$0 rm -f web']] as [string, string][],
  };
  force = Option.Boolean('-f,--force', false, { description: 'Kill them first' });
  time = Option.String('-t,--time', { validator: parsed(parseDuration), description: 'How long to wait' });
  containers = Option.Rest({ required: 1, name: 'container' });
}

class Copy extends Echo {
  static override usage = { description: 'Copy files' };
  source = Option.String({ name: 'source' });
  target = Option.String({ name: 'target|-' });
}

class Login extends Echo {
  static override usage = { description: 'Log in to a registry' };
  sign = Option.String('--sign', { tolerateBoolean: true, description: 'Sign with a `key`' });
  labels = Option.Array('--label');
  must = Option.String('--must', { required: true, description: 'Needed' });
  registry = Option.String({ required: false, name: 'registry' });
}

class Fail extends PodCommand {
  how = Option.String();
  async execute(): Promise<number> {
    if (this.how === 'bug') throw new TypeError('x is not a function');
    if (this.how === 'pipe') throw Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
    throw new PodError({
      code: 'not-found',
      message: 'cannot find x',
      why: 'gone',
      hint: 'Look.',
      exitCode: 3,
    });
  }
}

class Disk extends Echo {
  static override usage = { description: 'Show disk usage' };
}

export const table: CommandTable = commandTable({ name: 'tsc-pod', version: '1.2.3' }, PodCommand, [
  [['run', 'container run'], async () => Run],
  [['exec'], async () => Exec],
  [['rm', 'container rm'], async () => Remove],
  [['cp'], async () => Copy],
  [['login'], async () => Login],
  [['fail'], async () => Fail],
  [['system df'], async () => Disk],
]);

export interface Outcome {
  status: number;
  stdout: string;
  stderr: string;
}

/** Runs one command line in this process and collects what it says. */
export async function tscPod(...argv: string[]): Promise<Outcome> {
  return tscPodIn({}, ...argv);
}

export async function tscPodIn(env: Record<string, string>, ...argv: string[]): Promise<Outcome> {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const context: PodContext = { env, stdin: new PassThrough(), stdout, stderr, colorDepth: 1 };
  const status = await dispatch(argv, table, context);
  return { status, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') };
}

/** The properties that a command line gives its command. */
export async function parsedBy(...argv: string[]): Promise<Record<string, unknown>> {
  const { status, stdout, stderr } = await tscPod(...argv);
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}
