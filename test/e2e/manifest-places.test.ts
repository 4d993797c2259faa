/** Lists that go elsewhere than into a registry, and lists that are signed. skopeo reads what was made. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { command, pod, podOk, sandbox, startRegistry, test } from './harness/index.ts';
import { configure } from './harness/registries-conf.ts';
import { environment } from './harness/sandbox.ts';
import { makeSigner } from './registry/sign.ts';

const registry = await startRegistry();
configure(`[[registry]]\nlocation = "${registry.host}"\ninsecure = true\n`);
const at = (name: string): string => `${registry.host}/${name}`;
const signer = makeSigner(join(sandbox.dir, 'gpg'));
const digests: string[] = [];
for (const architecture of ['amd64', 'arm64']) {
  const layers = [[{ name: 'for', content: `for ${architecture}\n` }]];
  digests.push(await registry.push(`team/app:${architecture}`, { architecture, layers }));
}
// One image of the list is here, the other is elsewhere.
await podOk(['pull', '-q', at('team/app:amd64')]);
await podOk(['manifest', 'create', 'both', at('team/app:amd64'), at('team/app:arm64')]);
test.after(() => signer.stop());

async function skopeo(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await command(['skopeo', ...args], { env: environment });
  assert.is(code, 0, stderr);
  return stdout;
}

for (const [transport, name] of [
  ['oci', ':sent'],
  ['oci-archive', ':sent'],
  ['dir', ''],
] as const) {
  test(`manifest push puts a list with its images into ${transport}:`, async () => {
    const path = join(sandbox.work, `to-${transport}`);
    const place = `${transport}:${path}${name}`;
    const digest = await podOk(['manifest', 'push', '-q', 'both', place]);
    const list = JSON.parse(await skopeo('inspect', '--raw', place)) as { manifests: { digest: string }[] };
    assert.equal(
      list.manifests.map((one) => one.digest),
      digests,
    );
    // All of it is there, and it is one image with a name.
    const copy = join(sandbox.work, `copy-${transport}`);
    await skopeo('copy', '-q', '--all', '--preserve-digests', place, `oci:${copy}:both`);
    const index = JSON.parse(readFileSync(join(copy, 'index.json'), 'utf8'));
    assert.equal(
      index.manifests.map((one: { digest: string }) => one.digest),
      [digest],
    );
    const [image] = (await podOk(['pull', '-q', '--platform', 'linux/arm64', place])).split('\n');
    assert.is(await podOk(['image', 'inspect', '-f', '{{.Digest}}', image!]), digests[1]);
    await podOk(['rmi', '-f', image!]);
    if (transport !== 'oci-archive') return;
    await podOk(['load', '-q', '-i', path]); // this machine's of the list, and nothing else
    assert.is((await podOk(['images', '-q', 'localhost/sent'])).split('\n').length, 1);
  });
}

test('a list goes into no docker-archive, and what is no registry is not signed', async () => {
  const path = join(sandbox.work, 'docker.tar');
  assert.equal(await pod(['manifest', 'push', 'both', `docker-archive:${path}`]), {
    ...{ code: 125, signal: null, stdout: '' },
    stderr: `Error: cannot push a list to docker-archive:${path}: its format has images of one platform\noci-archive:${path} holds lists\n`,
  });
  const signed = await pod(['manifest', 'push', '--sign-by', 'good@test', 'both', `oci:${path}`]);
  assert.is(signed.stderr, `Error: cannot sign oci:${path}: it is in no registry\n`);
  assert.is(signed.code, 125);
  assert.not.ok(existsSync(path));
  const builtin = await pod(['manifest', 'push', 'both', 'builtin:busybox']);
  assert.is(builtin.stderr, 'Error: cannot push to what is built in\n');
});

test('manifest push --sign-by signs the list and each of its images', async () => {
  const config = join(sandbox.home, '.config/containers');
  const key = signer.makeKey('good', { armor: true });
  mkdirSync(join(config, 'registries.d'), { recursive: true });
  const store = `docker:\n  ${registry.host}:\n    lookaside: file://${join(sandbox.work, 'signatures')}\n`;
  writeFileSync(join(config, 'registries.d/test.yaml'), store);
  const signedBy = [{ type: 'signedBy', keyType: 'GPGKeys', keyPath: key }];
  const env = { ...environment, GNUPGHOME: signer.env.GNUPGHOME! };
  const nobody = await pod(['manifest', 'push', '-q', 'both', at('team/plain:1')]);
  assert.is(nobody.code, 0, nobody.stderr);
  const pushed = await pod(['manifest', 'push', '-q', '--sign-by', 'good@test', 'both', at('team/both:1')], {
    env,
  });
  assert.is(pushed.code, 0, pushed.stderr);
  await podOk(['rmi', '-af']);
  writeFileSync(
    join(config, 'policy.json'),
    JSON.stringify({ default: [{ type: 'reject' }], transports: { docker: { [registry.host]: signedBy } } }),
  );
  await skopeo('copy', '-q', '--all', `docker://${at('team/both:1')}`, `dir:${join(sandbox.work, 'signed')}`);
  for (const platform of ['linux/amd64', 'linux/arm64'])
    await podOk(['pull', '-q', '--platform', platform, at('team/both:1')]);
  const unsigned = await pod(['pull', '-q', at('team/plain:1')]);
  assert.match(unsigned.stderr, 'a signature is required, and there is none');
});

test.run();
