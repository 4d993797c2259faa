import { totalSize } from '../../rootless/id-range.ts';
import { type Check, type DoctorHost, mountOf } from './check.ts';

/** subuid(5), subgid(5). */
export function idRanges(host: DoctorHost): Check {
  const name = 'id ranges';
  const { maps } = host;
  if (maps.oneIdOnly) {
    const detail = `${maps.reason}; containers have one user only: chown, su and apt can't work in them`;
    return maps.fix ? { name, status: 'warn', detail, fix: maps.fix } : { name, status: 'warn', detail };
  }
  const [uids, gids] = [totalSize(maps.uid), totalSize(maps.gid)];
  const detail = uids === gids ? `${uids} ids` : `${uids} users, ${gids} groups`;
  if (Math.min(uids, gids) < 65536) {
    return {
      name,
      status: 'warn',
      detail: `${detail}: images that use higher ids (nobody is 65534) need 65536`,
    };
  }
  return { name, status: 'ok', detail };
}

/** newuidmap(1) and newgidmap(1) must be able to gain privilege, and do what they are for. */
export function idHelpers(host: DoctorHost): Check {
  const name = 'newuidmap';
  if (host.user.uid === 0) return { name, status: 'ok', detail: 'not needed by root' };
  const helpers = ['newuidmap', 'newgidmap'].map((program) => ({ program, path: host.find(program) }));
  const missing = helpers.find(({ path }) => path === undefined);
  if (missing) {
    const detail = `${missing.program} is not installed; containers have one user only`;
    return { name, status: 'warn', detail, fix: 'sudo apt-get install uidmap' };
  }
  for (const { program, path = '' } of helpers) {
    const bad = unprivileged(host, program, path);
    if (bad) return { name, status: 'fail', ...bad };
  }
  if (!host.maps.helpers) return { name, status: 'ok', detail: helpers[0]?.path ?? '' };
  const why = host.enter(host.maps);
  if (why !== undefined) return { name, status: 'fail', detail: why };
  return { name, status: 'ok', detail: `${helpers[0]?.path} works` };
}

function unprivileged(
  host: DoctorHost,
  program: string,
  path: string,
): { detail: string; fix: string } | undefined {
  const about = host.stat(path);
  const capability = program === 'newuidmap' ? 'cap_setuid' : 'cap_setgid';
  const setuid = about !== undefined && (about.mode & 0o4000) !== 0 && about.uid === 0;
  const privileged = setuid || (host.output(['getcap', path])?.includes(`${capability}=`) ?? false);
  if (mountOf(host, path)?.options.includes('nosuid')) {
    return {
      detail: `${path} is on a file system mounted nosuid`,
      fix: `sudo mount -o remount,suid $(findmnt -no TARGET -T ${path})`,
    };
  }
  if (privileged) return undefined;
  return {
    detail: `${path} has lost its privilege: neither set-user-ID root nor the capability ${capability}`,
    fix: `sudo setcap ${capability}+ep ${path}    # or: sudo apt-get install --reinstall uidmap`,
  };
}
