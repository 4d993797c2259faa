import type { Check, DoctorHost } from './check.ts';

/** user_namespaces(7), and the three ways by which distributions forbid them. The last word has a real try. */
export function userNamespaces(host: DoctorHost): Check {
  const name = 'user namespaces';
  const number = (path: string) => host.read(path)?.trim();
  if (number('/proc/sys/user/max_user_namespaces') === '0') {
    const fix =
      'echo user.max_user_namespaces=28633 | sudo tee /etc/sysctl.d/99-userns.conf && sudo sysctl --system';
    return { name, status: 'fail', detail: 'user.max_user_namespaces is 0', fix };
  }
  if (host.user.uid !== 0 && number('/proc/sys/kernel/unprivileged_userns_clone') === '0') {
    const fix =
      'echo kernel.unprivileged_userns_clone=1 | sudo tee /etc/sysctl.d/99-userns.conf && sudo sysctl --system';
    return { name, status: 'fail', detail: 'kernel.unprivileged_userns_clone is 0', fix };
  }
  const own = {
    uid: [{ container: 0, host: host.user.uid, size: 1 }],
    gid: [{ container: 0, host: host.user.gid, size: 1 }],
  };
  const why = host.enter({ ...own, helpers: undefined, oneIdOnly: true });
  if (why === undefined) return { name, status: 'ok', detail: 'can be made' };
  if (number('/proc/sys/kernel/apparmor_restrict_unprivileged_userns') === '1') {
    return {
      name,
      status: 'fail',
      detail: 'AppArmor allows user namespaces only to programs with a profile that says so',
      fix: apparmorFix(host),
    };
  }
  return { name, status: 'fail', detail: why };
}

/** A profile that allows a user's launcher, and nothing else, to make user namespaces (Ubuntu 23.10 and later). */
export function apparmorProfile({ dataRoot, user }: Pick<DoctorHost, 'dataRoot' | 'user'>): string {
  return [
    'abi <abi/4.0>,',
    'include <tunables/global>',
    `profile tsc-pod-${user.uid} "${dataRoot.replace(/["\\*?[\]{}^]/g, '\\$&')}/libexec/*/launcher" flags=(unconfined) {`,
    '  userns,',
    '}',
    '',
  ].join('\n');
}

function apparmorFix(host: DoctorHost): string {
  const profile = apparmorProfile(host)
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll("'", "'\\''");
  const file = `/etc/apparmor.d/tsc-pod-${host.user.uid}`;
  return `printf '${profile.replaceAll('%', '%%')}' | sudo tee ${file} && sudo apparmor_parser -r ${file}`;
}
