import { hostFacts } from '../../core/container/facts.ts';
import { parseRestartPolicy } from '../../core/container/flags/restart-policy.ts';
import { updateContainer } from '../../core/container/update.ts';
import { PodError } from '../../core/error.ts';
import { prepareForBoot } from '../../core/systemd/restart-unit.ts';
import { chooseContainers } from '../choose-containers.ts';
import { Option } from '../command.ts';
import { forEachName } from '../each.ts';
import { LimitCommand } from '../limit-command.ts';
import { pathsOf } from '../paths.ts';

export class Update extends LimitCommand {
  static override usage = { description: 'Change the limits and the restart policy of containers' };

  latest = Option.Boolean('-l,--latest', false, { description: 'The one that was made last' });
  restart = Option.String('--restart', {
    description: 'When it ends: no, on-failure[:n], always or unless-stopped (`policy`)',
  });
  containers = Option.Rest({ name: 'container' });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const resources = this.limits();
    const { restart } = this;
    if (restart === undefined && Object.keys(resources).length === 0)
      throw new PodError({
        code: 'usage',
        message: 'nothing to update',
        why: 'no limit and no restart policy was given',
        hint: "See 'tsc-pod update --help'.",
      });
    const names = chooseContainers(paths, { names: this.containers, latest: this.latest });
    const host = hostFacts(this.context.env);
    const boot = { paths, environment: this.context.env, notice: (line: string) => this.warn(line) };
    return forEachName(this, names, async (name) => {
      await updateContainer(paths, name, { resources, restart }, host);
      if (restart !== undefined) prepareForBoot(parseRestartPolicy(restart), boot);
      return name;
    });
  }
}
