/** A whole distribution in several layers, through archives and other tools, and back: the same file by file. */

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { fromSkopeo, identityOf, throughOurselves, throughPodman, throughUmoci } from './archive-lab.ts';
import { debianTar } from './debian-tar.ts';
import { limitEachTest, limitFile, podOk, sandbox, startRegistry, test } from './harness/index.ts';

limitFile(600);
limitEachTest(400);

const NAME = 'localhost/debian-layers:1';

/** What is only more of the same: half of the bytes, and a third of the files. */
const LEFT_OUT = ['./usr/lib/*/perl', './usr/lib/*/gconv', './usr/share/perl', './usr/share/locale'];

/** Debian as it is imported, and two layers that its own tools write. */
test.before(async () => {
  const tar = join(sandbox.work, 'debian.tar');
  execFileSync(
    'sh',
    ['-c', 'tar --wildcards --delete -f - "$@" <"$0" >debian.tar', debianTar(), ...LEFT_OUT],
    {
      cwd: sandbox.work,
    },
  );
  await podOk(['import', '-q', '-c', 'CMD ["bash"]', tar, 'base:1'], { timeout: 120_000 });
  const steps = [
    'useradd -m somebody && rm -rf /usr/share/doc/* && chmod 4755 /usr/bin/env && ln /etc/passwd /etc/passwd.too',
    'rm -rf /usr/share/doc && mkdir /usr/share/doc && mv /usr/share/man /srv/man && chown -R somebody /srv',
  ];
  let from = 'base:1';
  for (const [index, step] of steps.entries()) {
    await podOk(['run', '--name', `step${index}`, '--network', 'none', from, 'sh', '-c', step]);
    from = index === steps.length - 1 ? NAME : `step:${index}`;
    await podOk(['commit', '-q', `step${index}`, from]);
    await podOk(['rm', `step${index}`]);
  }
  assert.is((await identityOf(NAME)).diffIds.length, 3);
});

test('podman loads what was saved, and what it saves then is loaded', () => throughPodman(NAME));

test('skopeo copies what was saved, and umoci unpacks that', () => throughUmoci(NAME));

test('an archive of skopeo is loaded', () => fromSkopeo(NAME));

test('what was pushed, pulled, saved and loaded is what the registry has', async () => {
  const registry = await startRegistry();
  const pushed = `${registry.host}/debian:1`;
  await podOk(['push', '-q', '--tls-verify=false', '--compression-format', 'zstd', NAME, pushed], {
    timeout: 120_000,
  });
  await podOk(['pull', '-q', '--tls-verify=false', pushed], { timeout: 120_000 });
  await throughOurselves(pushed, 'docker-archive');
  await registry.stop();
});

test.run();
