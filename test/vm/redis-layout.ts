/** redis-layout.ts DIR: an OCI layout with the tests' Debian, which has redis, for the registry in the VM. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { debianTar } from '../e2e/debian-tar.ts';
import { writeLayout } from '../e2e/registry/make-image.ts';

/** More than half of the files, which redis doesn't need: the VM's processor is emulated. */
const UNUSED = ['doc', 'locale', 'man', 'perl', 'zoneinfo'].map((name) => `./usr/share/${name}`);

const tar = execFileSync('tar', ['--delete', '--file=-', ...UNUSED, './var/lib/apt', './var/lib/dpkg/info'], {
  input: readFileSync(debianTar()),
  maxBuffer: 1 << 30,
});
const Env = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'];
writeLayout(process.argv[2]!, [{ layers: [{ tar, compression: 'zstd' }], config: { Env, Cmd: ['bash'] } }]);
