import { type Check, type DoctorHost, mountOf } from './check.ts';

const GIB = 1024 ** 3;

/** Where images, layers and the launcher are. */
export function dataDirectory(host: DoctorHost): Check {
  const name = 'data directory';
  const { dataRoot } = host;
  const mount = mountOf(host, dataRoot);
  const elsewhere = 'export TSC_POD_ROOT=/a/directory/on/another/disk';
  if (mount?.options.includes('ro')) {
    return { name, status: 'fail', detail: `${dataRoot} is on a read-only file system`, fix: elsewhere };
  }
  if (mount?.options.includes('noexec')) {
    const detail = `${dataRoot} is on a file system mounted noexec: neither the launcher nor any container can start`;
    return { name, status: 'fail', detail, fix: elsewhere };
  }
  const { bytes, inodes, kind } = host.space(dataRoot);
  const free = `${(bytes / GIB).toFixed(1)} GiB free`;
  if (bytes < GIB / 2 || inodes < 10_000) {
    const detail = inodes < 10_000 ? `${inodes} inodes free on ${kind}` : `${free} on ${kind}`;
    return {
      name,
      status: 'warn',
      detail: `${dataRoot}: ${detail}`,
      fix: 'tsc-pod rmi IMAGE, or another TSC_POD_ROOT',
    };
  }
  return { name, status: 'ok', detail: `${dataRoot}: ${kind}, ${free}` };
}

/** XDG base directory specification: XDG_RUNTIME_DIR. */
export function runtimeDirectory(host: DoctorHost): Check {
  const name = 'XDG_RUNTIME_DIR';
  const path = host.env.XDG_RUNTIME_DIR;
  if (!path) {
    const usual = `/run/user/${host.user.uid}`;
    const detail = 'not set: state of running containers is kept below /tmp';
    if (host.user.uid === 0 || !host.stat(usual))
      return { name, status: host.user.uid === 0 ? 'ok' : 'warn', detail };
    return { name, status: 'warn', detail, fix: `export XDG_RUNTIME_DIR=${usual}` };
  }
  const about = host.stat(path);
  if (!about) return { name, status: 'fail', detail: `${path} does not exist`, fix: 'unset XDG_RUNTIME_DIR' };
  if (about.uid !== host.user.uid) {
    return { name, status: 'fail', detail: `${path} belongs to another user`, fix: 'unset XDG_RUNTIME_DIR' };
  }
  if (about.mode & 0o077) {
    return { name, status: 'warn', detail: `others may enter ${path}`, fix: `chmod 0700 ${path}` };
  }
  return { name, status: 'ok', detail: path };
}

/** loginctl(1): without lingering the user's processes may be killed at logout. */
export function linger(host: DoctorHost): Check {
  const name = 'linger';
  if (host.user.uid === 0) return { name, status: 'ok', detail: 'not needed by root' };
  if (!host.stat('/run/systemd/system')) return { name, status: 'ok', detail: 'no systemd here' };
  if (host.stat(`/var/lib/systemd/linger/${host.user.name}`)) return { name, status: 'ok', detail: 'on' };
  return {
    name,
    status: 'warn',
    detail: 'off: containers in the background end when you log out',
    fix: 'loginctl enable-linger',
  };
}
