import type { Check, DoctorHost } from './check.ts';

const DEVICES = [
  {
    path: '/dev/fuse',
    module: 'fuse',
    for: 'fuse-overlayfs (containers without the kernel’s overlay, --userns keep-id)',
  },
  { path: '/dev/net/tun', module: 'tun', for: 'slirp4netns: containers have --network none and host only' },
];

export function devices(host: DoctorHost): Check[] {
  return DEVICES.map(({ path, module, for: use }) => {
    const error = host.open(path);
    if (error === undefined) return { name: path, status: 'ok', detail: 'can be opened' };
    const missing = error === 'ENOENT' || error === 'ENODEV' || error === 'ENXIO';
    return {
      name: path,
      status: 'warn',
      detail: `${missing ? 'does not exist' : 'may not be opened'}; needed by ${use}`,
      fix: missing ? `sudo modprobe ${module}` : `sudo chmod 0666 ${path}`,
    };
  });
}

const PROGRAMS = [
  {
    program: 'fuse-overlayfs',
    package: 'fuse-overlayfs',
    for: '--userns keep-id, and kernels without overlay for users',
  },
  {
    program: 'slirp4netns',
    package: 'slirp4netns',
    for: 'networks: containers have --network none and host only',
  },
];

export function programs(host: DoctorHost): Check[] {
  return PROGRAMS.map(({ program, package: name, for: use }) => {
    const path = host.find(program);
    if (path === undefined) {
      return {
        name: program,
        status: 'warn',
        detail: `not installed; needed for ${use}`,
        fix: `sudo apt-get install ${name}`,
      };
    }
    const said = host.output([path, '--version']) ?? '';
    // fuse-overlayfs names fusermount3's version first.
    const version = new RegExp(`${program}:? (?:version )?(\\d[\\w.-]*)`).exec(said)?.[1];
    return { name: program, status: 'ok', detail: version ? `${version}, ${path}` : path };
  });
}

/** The kernel's overlay in a user namespace, tried on the data root. */
export async function overlay(host: DoctorHost): Promise<Check> {
  const name = 'overlay';
  const why = await host.overlay();
  if (why === undefined)
    return { name, status: 'ok', detail: "the kernel's overlay works in a user namespace" };
  return {
    name,
    status: 'warn',
    detail: `${why}; root file systems are made by fuse-overlayfs or by copying`,
  };
}
