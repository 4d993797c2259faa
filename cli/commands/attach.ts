import { attachContainer } from '../../core/container/attach.ts';
import { chooseContainer } from '../choose-containers.ts';
import { Option, PodCommand } from '../command.ts';
import { pathsOf } from '../paths.ts';

export class Attach extends PodCommand {
  static override usage = { description: 'Attach to a running container' };

  detachKeys = Option.String('--detach-keys', {
    description: 'The `keys` that detach (default ctrl-p,ctrl-q)',
  });
  latest = Option.Boolean('-l,--latest', false, { description: 'The one that was made last' });
  noStdin = Option.Boolean('--no-stdin', false, { description: 'Give it no input' });
  sigProxy = Option.Boolean('--sig-proxy', true, { description: 'Pass signals on to the container' });
  container = Option.String({ name: 'container', required: false });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const record = chooseContainer(paths, this.container, this.latest);
    const { driver } = record.log;
    if (driver === 'passthrough' || (driver === 'none' && !record.tty))
      this.warn(`${record.name} has no log: its output may go straight to where it was started`);
    return attachContainer(paths, record, {
      streams: record.interactive && !this.noStdin ? ['in', 'out', 'err'] : ['out', 'err'],
      sigProxy: this.sigProxy,
      detachKeys: this.detachKeys,
    });
  }
}
