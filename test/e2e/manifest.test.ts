/** Lists of images for several platforms: made here, pushed to Debian's docker-registry, read by skopeo, pulled again. */
import { existsSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { command, pod, podOk, sandbox, startRegistry, test } from './harness/index.ts';
import { configure } from './harness/registries-conf.ts';

const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';
const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';

const registry = await startRegistry();
configure(`[[registry]]\nlocation = "${registry.host}"\ninsecure = true\n`);
const at = (name: string): string => `${registry.host}/${name}`;
const plain = { signal: null, stdout: '', stderr: '' };

interface Listed {
  mediaType: string;
  annotations?: Record<string, string>;
  manifests: {
    mediaType: string;
    digest: string;
    size: number;
    platform?: Record<string, unknown>;
    annotations?: Record<string, string>;
  }[];
}

/** One small image for an architecture, in the registry. */
async function image(name: string, architecture: string): Promise<string> {
  const content = `for ${architecture}\n`;
  return registry.push(name, { architecture, layers: [[{ name: 'for', content }], [{ name: 'etc' }]] });
}

const digests = {
  amd64: await image('team/app:amd64', 'amd64'),
  arm64: await image('team/app:arm64', 'arm64'),
  s390x: await image('other/app:s390x', 's390x'),
};

async function inspected(name: string): Promise<Listed> {
  return JSON.parse(await podOk(['manifest', 'inspect', name]));
}

async function raw(name: string): Promise<{ text: string; json: Listed }> {
  const ran = await command(['skopeo', 'inspect', '--raw', '--tls-verify=false', `docker://${name}`]);
  assert.is(ran.code, 0, ran.stderr);
  return { text: ran.stdout, json: JSON.parse(ran.stdout) };
}

const blob = (digest: string): string => join(sandbox.data, 'images/blobs', digest.replace(':', '/'));
const tls = '--tls-verify=false';

test('a list keeps its id while images come, change and go', async () => {
  const id = await podOk(['manifest', 'create', 'mylist']);
  assert.match(id, /^[0-9a-f]{64}$/);
  assert.equal(await inspected('mylist'), { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] });
  await podOk(['pull', '-q', tls, '--platform', 'linux/arm64', at('team/app:arm64')]);
  assert.is(await podOk(['manifest', 'add', 'mylist', at('team/app:arm64')]), id);
  const size = readFileSync(blob(digests.arm64)).length;
  const arm64 = { mediaType: OCI_MANIFEST, digest: digests.arm64, size };
  assert.equal((await inspected('mylist')).manifests, [
    { ...arm64, platform: { os: 'linux', architecture: 'arm64' } },
  ]);
  const flags = ['--os-version', '7', '--variant', 'v8', '--os-features', 'a,b', '--annotation', 'k=v=w'];
  assert.is(await podOk(['manifest', 'annotate', ...flags, id.slice(0, 12), at('team/app:arm64')]), id);
  const platform = {
    ...{ os: 'linux', architecture: 'arm64', variant: 'v8' },
    ...{ 'os.version': '7', 'os.features': ['a', 'b'] },
  };
  assert.equal((await inspected(id)).manifests, [{ ...arm64, platform, annotations: { k: 'v=w' } }]);
  assert.is(await podOk(['manifest', 'remove', 'mylist', digests.arm64]), id);
  assert.equal((await inspected('mylist')).manifests, []);
  for (const annotation of ['a=1', 'b=2'])
    assert.is(await podOk(['manifest', 'create', '--amend', '--annotation', annotation, 'mylist']), id);
  assert.equal((await inspected('mylist')).annotations, { a: '1', b: '2' });
  assert.equal(await pod(['manifest', 'exists', 'mylist']), { ...plain, code: 0 });
  assert.equal(await pod(['manifest', 'exists', at('team/app:arm64')]), { ...plain, code: 1 });
  assert.equal(await pod(['manifest', 'rm', 'mylist']), {
    ...plain,
    code: 0,
    stdout: `Untagged: mylist:latest\nDeleted: sha256:${id}\n`,
  });
  assert.equal(await pod(['manifest', 'exists', 'mylist']), { ...plain, code: 1 });
  await podOk(['rmi', at('team/app:arm64')]);
});

test('images of a registry are added by their manifests alone, and copied when the list is pushed', async () => {
  const images = [at('team/app:amd64'), at('team/app:arm64'), `docker://${at('other/app:s390x')}`];
  await podOk(['manifest', 'create', tls, at('team/app:all'), ...images]);
  for (const digest of Object.values(digests)) assert.not.ok(existsSync(blob(digest)), 'nothing was fetched');
  const list = await inspected(at('team/app:all'));
  assert.equal(
    list.manifests.map(({ digest, platform }) => [digest, platform]),
    Object.entries(digests).map(([architecture, digest]) => [digest, { os: 'linux', architecture }]),
  );
  const file = join(sandbox.work, 'digest');
  const pushed = await pod([
    'manifest',
    'push',
    tls,
    '-q',
    '--digestfile',
    file,
    at('team/app:all'),
    at('new/app:1'),
  ]);
  const digest = readFileSync(file, 'utf8');
  assert.equal(pushed, { ...plain, code: 0, stdout: `${digest}\n` });
  const there = await raw(at('new/app:1'));
  assert.equal(there.json, list);
  assert.is(await podOk(['images', '--no-trunc', '--format', '{{.Digest}}', at('team/app')]), digest);
  // Each platform can be had from there: all of it was copied.
  for (const [architecture, digest] of Object.entries(digests)) {
    await podOk(['pull', '-q', tls, '--platform', `linux/${architecture}`, at('new/app:1')]);
    const format = '{{.Digest}} {{.Architecture}}';
    assert.is(await podOk(['image', 'inspect', '-f', format, at('new/app:1')]), `${digest} ${architecture}`);
    await podOk(['rmi', at('new/app:1')]);
  }
  // podman reads it, too.
  const podman = await command(['podman', 'manifest', 'inspect', at('new/app:1')]);
  await command(['podman', 'system', 'migrate']); // ends the process that podman leaves running
  assert.is(podman.code, 0, podman.stderr);
  assert.equal(JSON.parse(podman.stdout).manifests.length, 3);
});

test('a list with images of the store is pushed with them, also in the format of Docker', async () => {
  await podOk(['pull', '-q', tls, at('team/app:amd64')]);
  await podOk(['pull', '-q', tls, '--platform', 'linux/arm64', at('team/app:arm64')]);
  await podOk(['manifest', 'create', 'two', at('team/app:amd64'), at('team/app:arm64')]);
  await podOk(['manifest', 'push', tls, '--all', 'two', at('local/app:oci')]);
  assert.equal((await raw(at('local/app:oci'))).json, await inspected('two'));
  await podOk(['manifest', 'push', '--insecure', '-f', 'v2s2', 'two', at('local/app:docker')]);
  const docker = (await raw(at('local/app:docker'))).json;
  assert.is(docker.mediaType, DOCKER_LIST);
  assert.equal(
    docker.manifests.map(({ mediaType, platform }) => [mediaType, platform?.architecture]),
    [
      [DOCKER_MANIFEST, 'amd64'],
      [DOCKER_MANIFEST, 'arm64'],
    ],
  );
  const verbose = JSON.parse(await podOk(['manifest', 'inspect', '-v', tls, at('local/app:docker')]));
  assert.equal(
    verbose.map(({ Ref, Descriptor, SchemaV2Manifest }: Record<string, Record<string, unknown>>) => [
      Ref,
      Descriptor!.digest,
      (SchemaV2Manifest!.layers as unknown[]).length,
    ]),
    docker.manifests.map(({ digest }) => [`${at('local/app')}@${digest}`, digest, 2]),
  );
});

test('a list that was pushed can be taken apart again with --all, and amended', async () => {
  const created = await podOk(['manifest', 'create', tls, '--all', 'again', `docker://${at('new/app:1')}`]);
  assert.equal(
    (await inspected('again')).manifests.map(({ digest }) => digest),
    Object.values(digests),
  );
  const taken = await pod(['manifest', 'create', 'again']);
  assert.equal(taken, {
    ...plain,
    code: 125,
    stderr: `Error: cannot create list docker.io/library/again:latest: the name is that of a list, ${created.slice(0, 12)}\nadd --amend to change that list\n`,
  });
  assert.is(await podOk(['manifest', 'create', '--amend', tls, 'again', 'two']), created);
  assert.is((await inspected('again')).manifests.length, 3, 'one that is there is not added twice');
  await podOk(['manifest', 'annotate', 'again', '--arch', 'ppc64le', at(`new/app@${digests.s390x}`)]);
  assert.is((await inspected('again')).manifests[1]?.platform?.architecture, 'ppc64le');
  await podOk(['manifest', 'push', tls, '--purge', 'again', at('new/app:2')]);
  assert.is((await pod(['manifest', 'exists', 'again'])).code, 1);
});

test('a list stands for the image of this machine, and keeps its images while it is there', async () => {
  const [, id] = (await podOk(['image', 'inspect', '-f', '{{.Digest}} {{.Id}}', 'two'])).split(' ');
  assert.is(await podOk(['image', 'inspect', '-f', '{{.Id}}', at('team/app:amd64')]), id);
  assert.is(
    await podOk(['image', 'inspect', '--platform', 'linux/arm64', '-f', '{{.Digest}}', 'two']),
    digests.arm64,
  );
  const missing = await pod(['image', 'inspect', '--platform', 'linux/mips', 'two']);
  assert.is(
    missing.stderr,
    'Error: no image for linux/mips in list docker.io/library/two:latest\nit is there for linux/amd64, linux/arm64\n',
  );
  await podOk(['rmi', at('team/app:amd64'), at('team/app:arm64')]);
  assert.is(await podOk(['image', 'inspect', '-f', '{{.Id}}', 'two']), id, 'the list has it still');
  await podOk(['manifest', 'push', tls, 'two', at('local/app:later')]);
  await podOk(['manifest', 'rm', at('team/app:all')]);
  await podOk(['manifest', 'remove', 'two', digests.arm64]);
  assert.not.ok(existsSync(blob(digests.arm64)), 'nothing else needed it');
  assert.ok(existsSync(blob(digests.amd64)));
  await podOk(['rmi', 'two']);
  assert.not.ok(existsSync(blob(digests.amd64)));
});

test('the errors of lists say what is wrong', async () => {
  await podOk(['manifest', 'create', tls, 'errors', at('team/app:amd64')]);
  await podOk(['pull', '-q', 'builtin:busybox']);
  const refused = async (args: string[]) => {
    const { code, stdout, stderr } = await pod(args);
    assert.is(stdout, '');
    return `${code} ${stderr}`;
  };
  assert.is(await refused(['manifest', 'rm', 'nosuch']), '1 Error: no such manifest list: nosuch\n');
  assert.is(
    await refused(['manifest', 'rm', 'builtin:busybox']),
    '1 Error: no such manifest list: builtin:busybox: that is an image\n',
  );
  assert.is(
    await refused(['manifest', 'remove', 'errors', 'builtin:busybox']),
    `125 Error: no such image in the list: builtin:busybox\nit has ${digests.amd64}\n`,
  );
  assert.match(
    await refused(['manifest', 'add', 'nosuch', 'builtin:busybox']),
    /^125 Error: no such manifest list: nosuch\n/,
  );
  assert.match(
    await refused(['manifest', 'push', '--sign-by-sigstore', 'x', 'errors']),
    /^125 Error: cannot make signatures of sigstore/,
  );
  assert.match(
    await refused(['manifest', 'push', '--add-compression', 'zstd', 'errors']),
    /^125 Error: cannot add compressed copies/,
  );
  assert.match(
    await refused(['run', '--rm', 'errors']),
    new RegExp(
      `^125 Error: the image of list docker.io/library/errors:latest is not here: the list names ${digests.amd64} only\ntsc-pod pull docker://`,
    ),
  );
  assert.match(
    await refused(['manifest', 'push', tls, '-f', 'v2s2', 'errors', at('x/y:1')]),
    /cannot change .* on its way/,
  );
  await podOk(['rmi', 'errors', 'builtin:busybox']);
});

test('what is left of it all is nothing', async () => {
  await podOk(['image', 'prune', '-af']);
  assert.is(await podOk(['images', '-aq']), '');
  const { stdout } = await command(['find', join(sandbox.data, 'images/blobs'), '-type', 'f']);
  assert.is(stdout, '');
});

test('a list that is damaged is found and taken away, and one of an index that is lost is found again', async () => {
  await podOk(['pull', '-q', tls, at('team/app:amd64')]);
  await podOk(['manifest', 'create', tls, 'whole', at('team/app:amd64'), at('team/app:arm64')]);
  assert.is((await pod(['system', 'check'])).code, 0, 'what is elsewhere is not missing');
  const list = await podOk(['manifest', 'inspect', 'whole']);
  const index = join(sandbox.data, 'images/index.json');
  writeFileSync(index, readFileSync(index, 'utf8').slice(0, -20)); // the entry of the list was the last one
  const broken = await pod(['images']);
  assert.is(broken.code, 125);
  assert.is(broken.stderr, `Error: cannot use ${index}: it is not JSON\ntsc-pod system check --repair\n`);
  assert.is((await pod(['system', 'check', '--repair'])).code, 0);
  const [id] = (await podOk(['images', '-q', '--no-trunc', '-f', 'manifest=true'])).split('\n');
  assert.is(await podOk(['manifest', 'inspect', id!.slice('sha256:'.length)]), list);
  // A config that is gone.
  const config = (await podOk(['images', '-q', '--no-trunc', at('team/app:amd64')])).trim();
  unlinkSync(blob(config));
  const checked = await pod(['system', 'check']);
  assert.is(checked.code, 1);
  assert.match(checked.stdout, `in one of its images its blob ${config} is missing`);
  const inspected = await pod(['image', 'inspect', at('team/app:amd64')]);
  assert.is(
    inspected.stderr,
    `Error: cannot read blob ${config} of the image store: it is missing\ntsc-pod system check --repair\n`,
  );
  assert.is((await pod(['system', 'check', '--repair'])).code, 0);
  assert.is(await podOk(['images', '-aq']), '');
});

test.run();
