/** The whole distribution that tests run: a Debian that mmdebstrap makes, with a few packages that they look at. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const DAY = 24 * 3600 * 1000;

/** For its capability, for getcap, as a service that keeps data, and as one that is seen from outside. */
const PACKAGES = ['iputils-ping', 'libcap2-bin', 'nginx', 'redis-server'];

const PLACE = '/var/tmp';
const FOLDER = 'tsc-pod-test-debian-';
const FILE = `${PACKAGES.join('+')}.tar`;

/** One of today, of whoever has made it. */
function fresh(): string | undefined {
  const folders = readdirSync(PLACE).filter((name) => name.startsWith(FOLDER));
  return folders
    .map((name) => join(PLACE, name, FILE))
    .find((tar) => {
      try {
        return Date.now() - statSync(tar).mtimeMs < DAY;
      } catch {
        return false;
      }
    });
}

/** The tree as a tar; made anew when the one that is kept is a day old. Two files of tests may ask at the same time. */
export function debianTar(): string {
  const found = fresh();
  if (found !== undefined) return found;
  const cache = join(PLACE, `${FOLDER}${process.getuid!()}`);
  const tar = join(cache, FILE);
  mkdirSync(cache, { recursive: true, mode: 0o700 });
  const make = [
    ...['mmdebstrap', '--quiet', '--variant=minbase', '--mode=unshare', '--format=tar'],
    `--include=${PACKAGES.join()}`,
  ];
  // Who waited for another maker finds what it has made.
  const script =
    'find "$0" -mmin -5 2>/dev/null | grep -q . || { "$@" bookworm "$0.new" && mv "$0.new" "$0"; }';
  execFileSync('flock', [join(cache, 'lock'), 'sh', '-c', script, tar, ...make], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return tar;
}
