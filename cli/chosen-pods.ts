import { hostFacts } from '../core/container/facts.ts';
import { PodError } from '../core/error.ts';
import type { Paths } from '../core/paths.ts';
import type { PodRecord } from '../core/pod/record.ts';
import { findPod, listPods } from '../core/pod/store.ts';
import { Option, PodCommand } from './command.ts';
import { forEachName } from './each.ts';
import { pathsOf } from './paths.ts';

/** The flags of commands that do one thing to several pods. */
export abstract class ChosenPods extends PodCommand {
  all = Option.Boolean('-a,--all', false, { description: 'All pods' });
  latest = Option.Boolean('-l,--latest', false, { description: 'The one that was made last' });
  pods = Option.Rest({ name: 'pod' });

  /** Names and ids as typed, or what --all and --latest stand for. */
  protected chosen(paths: Paths): string[] {
    const { pods, all, latest } = this;
    if (pods.length > 0 && !all && !latest) return pods;
    if (pods.length > 0 || (all && latest))
      throw new PodError({ code: 'usage', message: 'names, --all and --latest exclude each other' });
    if (!all && !latest)
      throw new PodError({
        code: 'usage',
        message: 'no pod was named',
        hint: 'give names or ids, --latest or --all',
      });
    const listed = listPods(paths).map(({ pod }) => pod.id);
    return latest ? listed.slice(0, 1) : listed;
  }

  /** One thing to each; the ids are printed. */
  protected forEachPod(
    work: (
      pod: PodRecord,
      host: { paths: Paths; host: ReturnType<typeof hostFacts> },
    ) => void | Promise<void>,
  ): Promise<number> {
    const paths = pathsOf(this);
    const host = hostFacts(this.context.env);
    return forEachName(this, this.chosen(paths), async (name) => {
      const pod = findPod(paths, name);
      await work(pod, { paths, host });
      return pod.id;
    });
  }
}
