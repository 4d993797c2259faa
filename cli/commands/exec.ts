import { execInContainer } from '../../core/container/exec.ts';
import { hostFacts } from '../../core/container/facts.ts';
import { findContainer } from '../../core/container/store.ts';
import { PodError } from '../../core/error.ts';
import { chooseContainers } from '../choose-containers.ts';
import { Option, PodCommand } from '../command.ts';
import { parsed, parseInteger } from '../parse.ts';
import { pathsOf } from '../paths.ts';
import { terminalSize } from '../terminal-size.ts';

export class Exec extends PodCommand {
  static override usage = {
    category: 'Common Commands',
    description: 'Run a command in a running container',
  };

  cidfile = Option.String('--cidfile', { description: 'The container whose id is in this `file`' });
  detach = Option.Boolean('-d,--detach', false, { description: 'Run in the background' });
  detachKeys = Option.String('--detach-keys', {
    description: 'The `keys` that detach (default ctrl-p,ctrl-q)',
  });
  env = Option.Array('-e,--env', [], {
    description: 'Set a variable (`name=value`), or pass one on (`name`)',
  });
  envFile = Option.Array('--env-file', [], { description: 'Read variables from a `file`' });
  interactive = Option.Boolean('-i,--interactive', false, { description: 'Keep standard input open' });
  latest = Option.Boolean('-l,--latest', false, { description: 'The container that was made last' });
  preserveFds = Option.String('--preserve-fds', '0', {
    description: 'Pass on this many descriptors beside the first three (`number`)',
    validator: parsed((text) => parseInteger(text, 0, 1000)),
  });
  privileged = Option.Boolean('--privileged', false, { description: 'All capabilities and no filter' });
  tty = Option.Boolean('-t,--tty', false, { description: 'Give the command a terminal' });
  user = Option.String('-u,--user', { description: '`user[:group]`, names or numbers' });
  workdir = Option.String('-w,--workdir', { description: 'Working `directory`' });

  container = Option.String({ name: 'container' });
  command = Option.Proxy({ name: 'command' });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const { env } = this.context;
    const elsewhere = this.latest || this.cidfile !== undefined;
    const command = elsewhere ? [this.container, ...this.command] : this.command;
    if (command.length === 0) {
      throw new PodError({
        code: 'usage',
        message: 'no command was given',
        hint: `tsc-pod exec ${this.container} COMMAND`,
      });
    }
    const [name] = chooseContainers(paths, {
      names: elsewhere ? [] : [this.container],
      latest: this.latest,
      cidfile: this.cidfile === undefined ? [] : [this.cidfile],
    });
    const options = { ...this, command, preserveFds: Number(this.preserveFds) };
    return execInContainer(findContainer(paths, name!), options, {
      paths,
      environment: env,
      host: hostFacts(env),
      terminalSize: terminalSize(1, () => this.context.stdout),
    });
  }
}
