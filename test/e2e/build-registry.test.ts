/** Builds for machines that this one isn't, with what a registry has for them; and what `--push` sends there. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { folder } from './copy-lab.ts';
import { limitEachTest, pod, podOk, sandbox, test } from './harness/index.ts';
import { mirrorDockerHub, type Registry, startRegistry } from './harness/registry.ts';
import { pushLayout, tarOf, writeLayout } from './registry/make-image.ts';

limitEachTest(90);

const ARCHITECTURES = ['amd64', 'arm64', 's390x'];
const BOTH = ['--platform', 'linux/amd64,linux/arm64'];

let registry: Registry;

test.before(async () => {
  registry = await startRegistry();
  mirrorDockerHub(registry);
  const layout = join(sandbox.work, 'alpine');
  const images = ARCHITECTURES.map((architecture) => {
    const tree = join(sandbox.work, `tree-${architecture}`);
    mkdirSync(tree);
    writeFileSync(join(tree, 'arch'), architecture);
    return { layers: [{ tar: tarOf(tree) }], architecture };
  });
  writeLayout(layout, images);
  await pushLayout(registry, layout, { name: 'library/alpine:latest', all: true });
});

const built = folder('Dockerfile: FROM alpine\nCOPY f /f\n', 'f: f');

const architectureOf = (image: string): Promise<string> =>
  podOk(['image', 'inspect', '--format', '{{.Architecture}}', image]);

/** All there are, with their names; those that are built in aside. */
async function stored(): Promise<string[]> {
  const list = await podOk(['images', '-a', '--format', '{{.Repository}}:{{.Tag}} {{.ID}}']);
  return list.split('\n').filter((line) => line !== '' && !line.startsWith('builtin'));
}

const namesOf = (images: readonly string[]): string[] => images.map((line) => line.split(' ')[0]!).sort();

test('an image that was fetched to build for another machine takes no name, and is there for the next build', async () => {
  await podOk(['build', '-q', '--platform', 'linux/arm64', '-t', 'foreign', built]);
  assert.equal(namesOf(await stored()), ['<none>:<none>', 'localhost/foreign:latest']);
  assert.is((await pod(['image', 'exists', 'alpine'])).code, 1);
  await podOk(['pull', '-q', 'alpine']);
  await podOk(['build', '-q', '--platform', 'linux/s390x', '-t', 'other', built]);
  assert.is(await architectureOf('alpine'), 'amd64');
  const before = await stored();
  for (const arch of ['arm64', 's390x', 'amd64']) {
    const again = ['build', '-q', '--no-cache', '--pull=never', '--platform', `linux/${arch}`];
    assert.is(await architectureOf(await podOk([...again, '-t', `again-${arch}`, built])), arch);
  }
  await podOk(['build', '-q', '--pull', '--platform', 'linux/arm64', '-t', 'again-arm64', built]);
  await podOk(['rmi', 'again-arm64', 'again-s390x', 'again-amd64']);
  assert.equal((await stored()).sort(), before.sort());
  await podOk(['pull', '-q', '--platform', 'linux/arm64', 'alpine']);
  assert.is(await architectureOf('alpine'), 'arm64', 'who asks for it by name gets it by that name');
});

test('what has no name goes with what was built of it, or by prune', async () => {
  await podOk(['rmi', '-af']);
  await podOk(['build', '-q', '--platform', 'linux/arm64', '-t', 'foreign', built]);
  await podOk(['build', '-q', '--platform', 'linux/s390x', '-o', join(sandbox.work, 'files'), built]);
  assert.is((await stored()).length, 3);
  await podOk(['rmi', 'foreign']);
  assert.equal(namesOf(await stored()), ['<none>:<none>']);
  await podOk(['image', 'prune', '-f']);
  assert.equal(await stored(), []);
});

test('--push sends the images of all platforms, and a list of them', async () => {
  const name = `${registry.host}/app`;
  const insecure = '--tls-verify=false';
  const title = { 'org.opencontainers.image.title': 'app' };
  const more = ['--annotation', 'index:org.opencontainers.image.title=app', insecure, '--push'];
  const meta = join(sandbox.work, 'meta');
  const iid = join(sandbox.work, 'iid');
  const files = ['--metadata-file', meta, '--iidfile', iid];
  const digest = await podOk(['build', '-q', ...BOTH, '-t', name, ...files, ...more, built]);
  const raw = execFileSync('skopeo', ['inspect', '--raw', insecure, `docker://${name}`], {
    encoding: 'utf8',
  });
  const list = JSON.parse(raw);
  assert.equal(list.annotations, title);
  assert.equal(
    list.manifests.map(({ platform }: { platform: { architecture: string } }) => platform.architecture),
    ['amd64', 'arm64'],
  );
  const hash = `sha256:${createHash('sha256').update(raw).digest('hex')}`;
  const told = JSON.parse(readFileSync(meta, 'utf8'));
  assert.is(told['containerimage.digest'], hash);
  assert.equal(told['containerimage.descriptor'], {
    mediaType: 'application/vnd.oci.image.index.v1+json',
    digest: hash,
    size: raw.length,
  });
  assert.equal([digest, readFileSync(iid, 'utf8')], [hash, hash]);
  await podOk(['rmi', name]);
  for (const [at, arch] of ['amd64', 'arm64'].entries()) {
    const tar = join(sandbox.work, `${arch}.tar`);
    const files = folder(`Dockerfile: FROM ${name}@${list.manifests[at].digest}\n`);
    const output = ['-o', `type=tar,dest=${tar}`];
    await podOk(['build', '-q', insecure, '--platform', `linux/${arch}`, ...output, files]);
    assert.is(execFileSync('tar', ['xOf', tar, 'arch', 'f'], { encoding: 'utf8' }), `${arch}f`);
  }
});

test('--creds are for the registry of the base image, and for that of --push', async () => {
  const closed = await startRegistry({ auth: 'htpasswd' });
  const name = `${closed.host}/own:1`;
  await closed.push('own:1', { layers: [[{ name: 'a', content: 'a' }]] });
  const more = folder(`Dockerfile: FROM ${name}\nCOPY f /f\n`, 'f: f');
  const asked = ['build', '-q', '--tls-verify=false', '--push', '-t', `${closed.host}/more:1`];
  const refused = await pod([...asked, more]);
  assert.is(refused.code, 125);
  assert.match(refused.stderr, /unauthorized|denied|log ?in/i);
  const creds = `${closed.user}:${closed.password}`;
  await podOk([...asked, '--creds', creds, more]);
  const inspect = ['inspect', '--tls-verify=false', '--creds', creds, `docker://${closed.host}/more:1`];
  assert.is(JSON.parse(execFileSync('skopeo', inspect, { encoding: 'utf8' })).Layers.length, 2);
});

test.run();
