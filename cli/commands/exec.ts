import { execInContainer } from '../../core/container/exec.ts';
import { hostFacts } from '../../core/container/facts.ts';
import { findContainer } from '../../core/container/store.ts';
import { Option, PodCommand } from '../command.ts';
import { pathsOf } from '../paths.ts';
import { terminalSize } from '../terminal-size.ts';

export class Exec extends PodCommand {
  static override paths = [['exec'], ['container', 'exec']];
  static override usage = { description: 'Run a command in a running container' };

  detach = Option.Boolean('-d,--detach', false, { description: 'Run in the background' });
  detachKeys = Option.String('--detach-keys', { description: 'The `keys` that detach' });
  env = Option.Array('-e,--env', [], {
    description: 'Set a variable (`name=value`), or pass one on (`name`)',
  });
  envFile = Option.Array('--env-file', [], { description: 'Read variables from a `file`' });
  interactive = Option.Boolean('-i,--interactive', false, { description: 'Keep standard input open' });
  privileged = Option.Boolean('--privileged', false, { description: 'All capabilities and no filter' });
  tty = Option.Boolean('-t,--tty', false, { description: 'Give the command a terminal' });
  user = Option.String('-u,--user', { description: '`user[:group]`, names or numbers' });
  workdir = Option.String('-w,--workdir', { description: 'Working `directory`' });

  container = Option.String({ name: 'container' });
  command = Option.Proxy({ name: 'command', required: 1 });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const { env } = this.context;
    return execInContainer(findContainer(paths, this.container), this, {
      paths,
      environment: env,
      host: hostFacts(env),
      terminalSize: terminalSize(1, () => this.context.stdout),
    });
  }
}
