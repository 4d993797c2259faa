import { type Check, type DoctorHost, kernelAtLeast } from './check.ts';

/** The launcher needs mount_setattr(2), Linux 5.12; openat2, pidfds, close_range and memfd are older. */
export function kernelVersion(host: DoctorHost): Check {
  const name = 'kernel';
  if (!kernelAtLeast(host.release, 5, 12)) {
    return { name, status: 'fail', detail: `Linux ${host.release}: 5.12 or newer is needed` };
  }
  return { name, status: 'ok', detail: `Linux ${host.release}` };
}

/** seccomp(2), filters. */
export function seccompFilters(host: DoctorHost): Check {
  const name = 'seccomp';
  const actions = host.read('/proc/sys/kernel/seccomp/actions_avail');
  if (actions?.includes('errno')) return { name, status: 'ok', detail: 'system call filters work' };
  return {
    name,
    status: 'fail',
    detail: 'this kernel has no system call filters (CONFIG_SECCOMP_FILTER)',
    fix: 'tsc-pod run --security-opt seccomp=unconfined …',
  };
}
