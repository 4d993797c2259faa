import { hostFacts } from '../../core/container/facts.ts';
import { becomeStart, startContainer } from '../../core/container/start.ts';
import { BACKGROUND, type StartMode } from '../../core/container/start-mode.ts';
import { findContainer } from '../../core/container/store.ts';
import { PodError } from '../../core/error.ts';
import { warnWithoutLinger } from '../../core/systemd/linger.ts';
import { chooseContainers } from '../choose-containers.ts';
import { Option, PodCommand } from '../command.ts';
import { forEachName } from '../each.ts';
import { pathsOf } from '../paths.ts';
import { terminalSize } from '../terminal-size.ts';

export class Start extends PodCommand {
  static override usage = { description: 'Start containers that were made or have ended' };

  all = Option.Boolean('--all', false, { description: 'All containers' });
  attach = Option.Boolean('-a,--attach', false, { description: 'Show its output until it ends' });
  detachKeys = Option.String('--detach-keys', {
    description: 'The `keys` that detach (default ctrl-p,ctrl-q)',
  });
  filter = Option.Array('-f,--filter', [], { description: 'All those of a `key=value`, as for ps' });
  interactive = Option.Boolean('-i,--interactive', false, { description: 'Give it standard input, too' });
  latest = Option.Boolean('-l,--latest', false, { description: 'The one that was made last' });
  sigProxy = Option.Boolean('--sig-proxy', true, {
    description: 'Attached: pass signals on to the container',
  });
  containers = Option.Rest({ name: 'container' });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const names = chooseContainers(paths, { ...this, names: this.containers });
    const attached = this.attach || this.interactive;
    if (attached && names.length > 1)
      throw new PodError({ code: 'usage', message: 'only one container can be started and attached to' });
    const context = { paths, host: hostFacts(this.context.env) };
    if (!attached) warnWithoutLinger(paths, this.context.env, (line) => this.warn(line));
    return forEachName(this, names, async (name) => {
      const record = findContainer(paths, name);
      if (attached) await becomeStart(record, this.mode(record.interactive), context);
      else if (names.length === 1) await becomeStart(record, { ...BACKGROUND, line: name }, context);
      else await startContainer(record, context);
      return name;
    });
  }

  private mode(takesInput: boolean): StartMode {
    return {
      streams: this.interactive && takesInput ? ['in', 'out', 'err'] : ['out', 'err'],
      sigProxy: this.sigProxy,
      detachKeys: this.detachKeys,
      terminalSize: terminalSize(1, () => this.context.stdout),
    };
  }
}
