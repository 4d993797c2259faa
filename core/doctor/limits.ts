import type { CgroupFacts } from '../../rootless/cgroup/facts.ts';
import { cgroupFacts } from '../../rootless/cgroup/facts.ts';
import { delegationFix, whyNot } from '../../rootless/cgroup/plan.ts';
import type { Check, DoctorHost } from './check.ts';

/** cgroup v2 controllers that --memory, --cpus, --pids-limit and so on need. */
export function cgroupDelegation(host: DoctorHost): Check {
  return limitsCheck(cgroupFacts(host.user.uid, host.env));
}

export function limitsCheck(facts: CgroupFacts): Check {
  const name = 'cgroups';
  const missing = ['memory', 'pids', 'cpu'].filter((controller) => !facts.controllers.includes(controller));
  const [first] = missing;
  if (first !== undefined) {
    const flags = { memory: '--memory', pids: '--pids-limit', cpu: '--cpus' } as Record<string, string>;
    const lost = missing.map((controller) => flags[controller]).join(', ');
    const detail = `${whyNot(facts, first)}: no ${lost}`;
    return { name, status: 'warn', detail, fix: delegationFix(facts, first) };
  }
  const extra = ['cpuset', 'io'].filter((controller) => !facts.controllers.includes(controller));
  const without = extra.length > 0 ? ` (not ${extra.join(', ')})` : '';
  const by =
    facts.way?.kind === 'systemd'
      ? "systemd's user manager"
      : facts.way?.kind === 'unit'
        ? facts.way.group
        : facts.way?.parent;
  return { name, status: 'ok', detail: `${facts.controllers.join(' ')}${without}, by ${by}` };
}
