import type { OciSpec } from '../../../rootless/oci-spec.ts';
import type { Operation } from '../../../rootless/plan.ts';
import { PodError } from '../../error.ts';
import type { ContainerOptions } from '../options.ts';

/** crun's annotation: the process keeps the groups of who starts it, among them those that the user can't map. */
export const KEEP_GROUPS = 'run.oci.keep_original_groups';

/** Whether `--group-add keep-groups` was given. Throws PodError `usage` where others were, too, as podman does. */
export function keepsGroups({ groupAdd }: Pick<ContainerOptions, 'groupAdd'>): boolean {
  if (!groupAdd.includes('keep-groups')) return false;
  if (groupAdd.length === 1) return true;
  throw new PodError({
    code: 'usage',
    message: 'cannot use --group-add keep-groups together with another --group-add',
    why: 'groups that are kept can not be added to',
  });
}

/** What the plans of a container's processes say of it. */
export function keepGroupsOperations({ annotations }: OciSpec): Operation[] {
  return annotations?.[KEEP_GROUPS] === '1' ? [['keep-groups']] : [];
}
