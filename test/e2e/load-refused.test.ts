/** Archives that are broken or hostile: one clear error, and nothing of them is left. */

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { BUSYBOX, ended } from './container-lab.ts';
import { binary, command, pod, podOk, sandbox, type TarEntry, tarOf, test } from './harness/index.ts';

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const layer = tarOf([{ name: 'file', content: 'content' }]);
const config = Buffer.from(
  JSON.stringify({
    os: 'linux',
    architecture: 'amd64',
    rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(layer)}`] },
  }),
);
const manifest = (more: object = {}): Buffer =>
  Buffer.from(
    JSON.stringify([{ Config: 'config.json', RepoTags: ['hostile:1'], Layers: ['l/layer.tar'], ...more }]),
  );

const parts = {
  config: { name: 'config.json', content: config },
  layer: { name: 'l/layer.tar', content: layer },
  manifest: { name: 'manifest.json', content: manifest() },
};
const good = tarOf(Object.values(parts));
const withLayer = (entry: Partial<TarEntry>): Buffer =>
  tarOf([parts.config, parts.manifest, { name: 'l/layer.tar', ...entry }]);
const withManifest = (content: string | Buffer): Buffer =>
  tarOf([parts.config, parts.layer, { name: 'manifest.json', content }]);

const index = (more: object): Buffer =>
  Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      manifests: [{ mediaType: 'application/vnd.oci.image.manifest.v1+json', size: 2, ...more }],
    }),
  );
const layoutOf = (entry: object, ...files: TarEntry[]): Buffer =>
  tarOf([{ name: 'oci-layout', content: '{}' }, { name: 'index.json', content: index(entry) }, ...files]);
const nothing = '0'.repeat(64);

const READ = 'cannot read hostile.tar: ';
const USE = 'cannot use docker-archive:hostile.tar: ';
const cases: [string, Buffer, string][] = [
  [
    'a name that climbs',
    tarOf([{ name: '../x', content: 'x' }]),
    `${READ}cannot read the tar archive: its name climbs above the root, at byte 0 (entry ../x)`,
  ],
  [
    'a layer that is a link out of the archive',
    withLayer({ type: 'symlink', target: '../../../../etc/passwd' }),
    'refused the entry l/../../../../etc/passwd: its name climbs above the root',
  ],
  [
    'a layer that is a link to a file of the host',
    withLayer({ type: 'symlink', target: '/etc/passwd' }),
    `${USE}l/layer.tar is not in it`,
  ],
  [
    'a link to itself',
    withLayer({ type: 'symlink', target: 'layer.tar' }),
    'refused the entry l/layer.tar: too many links',
  ],
  [
    'a layer that is a pipe',
    withLayer({ type: 'fifo' }),
    'refused the entry l/layer.tar: it is no regular file',
  ],
  [
    'a layer that is sparse',
    withLayer({
      content: layer,
      pax: {
        'GNU.sparse.major': '0',
        'GNU.sparse.minor': '1',
        'GNU.sparse.map': `0,${layer.length}`,
        'GNU.sparse.size': String(layer.length + 512),
      },
    }),
    'refused the entry l/layer.tar: it is a sparse file',
  ],
  [
    'a file that is there twice',
    tarOf([...Object.values(parts), parts.layer]),
    `${READ}cannot read the tar archive: the archive has it twice, at byte 4608 (entry l/layer.tar)`,
  ],
  [
    'a manifest of megabytes',
    withManifest(Buffer.alloc(9 << 20, ' ')),
    'cannot read manifest.json of hostile.tar: it is larger than 8 MiB',
  ],
  [
    'one layer a million times',
    withManifest(manifest({ Layers: Array(1e6).fill('a') })),
    'cannot use manifest.json of hostile.tar: it has more than 50000 strings',
  ],
  [
    'more layers than any image',
    withManifest(manifest({ Layers: Array(2000).fill('l/layer.tar') })),
    'cannot use manifest.json of hostile.tar: an image in it has more than 1000 layers',
  ],
  [
    'a manifest that is none',
    withManifest('{}'),
    'cannot use manifest.json of hostile.tar: it is not a JSON list',
  ],
  [
    'a manifest of numbers',
    withManifest('[1]'),
    'cannot use manifest.json of hostile.tar: it lists what is no image',
  ],
  [
    'a manifest of other things',
    withManifest('[{"Config":1}]'),
    'cannot use manifest.json of hostile.tar: an image in it is not Config, RepoTags and Layers',
  ],
  [
    'more layers than the config has',
    withManifest(manifest({ Layers: [] })),
    `${USE}it has 0 layers and 1 diff ids`,
  ],
  [
    'a config that is not there',
    withManifest(manifest({ Config: 'other' })),
    'cannot read other of docker-archive:hostile.tar: it is not there',
  ],
  [
    'a layer of another content',
    withLayer({ content: Buffer.from(layer).fill('X', 512, 513) }),
    `cannot fetch the blob sha256:${sha256(layer).slice(0, 12)} of docker-archive:hostile.tar: its content has the digest `,
  ],
  [
    'an archive that is cut off in a file',
    good.subarray(0, 1500),
    `${READ}cannot read the tar archive: the archive is cut off`,
  ],
  [
    'an archive that is cut off in a header',
    good.subarray(0, 700 - 100),
    `${READ}cannot read the tar archive: the archive is cut off`,
  ],
  [
    'rubbish after the end',
    Buffer.concat([good, Buffer.from('x')]),
    `${READ}cannot read the tar archive: something follows its end, at byte ${good.length}`,
  ],
  [
    'a second archive after the end',
    Buffer.concat([good, good]),
    `${READ}cannot read the tar archive: something follows its end, at byte ${good.length}`,
  ],
  ['no tar at all', Buffer.from('#!/bin/sh\n'.repeat(100)), `${READ}cannot read the tar archive: `],
  [
    'nothing',
    Buffer.alloc(0),
    'cannot load hostile.tar: it is no image: it has neither index.json nor manifest.json',
  ],
  [
    'an image of before 2016',
    tarOf([{ name: 'repositories', content: '{}' }]),
    'cannot load hostile.tar: it was written by a Docker older than 1.10, of 2016',
  ],
  [
    'a layout whose manifest is not there',
    layoutOf({ digest: `sha256:${nothing}` }),
    'cannot read the blob sha256:000000000000 of oci-archive:hostile.tar: it is not there',
  ],
  [
    'a layout whose manifest is another',
    layoutOf({ digest: `sha256:${nothing}` }, { name: `blobs/sha256/${nothing}`, content: '{}' }),
    'cannot read the blob sha256:000000000000 of oci-archive:hostile.tar: its content has the digest sha256:44136fa355b3',
  ],
  [
    'a layout with a path for a digest',
    layoutOf({ digest: 'sha256:../../../etc/passwd' }),
    'its digest is no sha256 or sha512: sha256:../../../etc/passwd',
  ],
];

const kept = (): string[] =>
  ['layers', 'partial', 'images/blobs/sha256'].flatMap((folder) => {
    const path = join(sandbox.data, folder);
    return existsSync(path) ? readdirSync(path) : [];
  });

test.before(async () => {
  await podOk(['run', '--rm', '--network', 'none', BUSYBOX, 'true']);
});

for (const [name, archive, message] of cases)
  test(`load refuses ${name}`, async () => {
    const before = kept();
    writeFileSync(join(sandbox.work, 'hostile.tar'), archive);
    const { code, stdout, stderr } = await pod(['load', '-q', '-i', 'hostile.tar']);
    assert.ok(stderr.startsWith('Error: ') && stderr.includes(message), stderr);
    assert.equal([code, stdout], [125, '']);
    assert.ok(stderr.split('\n').length <= 4, stderr);
    assert.equal(kept(), before);
  });

test('the archive that these were made from is taken', async () => {
  writeFileSync(join(sandbox.work, 'good.tar'), good);
  assert.is(await podOk(['load', '-q', '-i', 'good.tar']), 'Loaded image: hostile:1');
});

test('a stream that is no archive, or goes on after its end, is refused though it has no end', async () => {
  const before = kept();
  for (const [script, why] of [
    ['yes', 'a number that is not octal, at byte 0'],
    ['yes | gzip', 'a number that is not octal, at byte 0'],
    ['cat /dev/zero', 'it goes on for more than 67108864 bytes after its end'],
    ['cat good.tar; yes', 'it goes on for more than 67108864 bytes after its end'],
  ] as const)
    assert.equal(
      await command(['sh', '-c', `{ ${script}; } 2>/dev/null | ${binary} load`], {}),
      ended(125, '', `Error: cannot read standard input: cannot read the tar archive: ${why}\n`),
      script,
    );
  assert.equal(kept(), before);
});

test('a name with a digest that the image does not have names nothing: who asks for the digest gets no other image', async () => {
  const pinned = `docker.io/library/pinned@sha256:${nothing}`;
  const image = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      config: {
        mediaType: 'application/vnd.oci.image.config.v1+json',
        digest: `sha256:${sha256(config)}`,
        size: config.length,
      },
      layers: [
        {
          mediaType: 'application/vnd.oci.image.layer.v1.tar',
          digest: `sha256:${sha256(layer)}`,
          size: layer.length,
        },
      ],
    }),
  );
  const digest = `sha256:${sha256(image)}`;
  const blobs = [config, layer, image].map((content) => ({
    name: `blobs/sha256/${sha256(content)}`,
    content,
  }));
  const layout = (name: string): Buffer =>
    layoutOf({ digest, size: image.length, annotations: { 'io.containerd.image.name': name } }, ...blobs);
  const loaded = async (archive: Buffer): Promise<string> => {
    writeFileSync(join(sandbox.work, 'pinned.tar'), archive);
    return podOk(['load', '-q', '-i', 'pinned.tar']);
  };
  const id = `Loaded image ID: sha256:${sha256(config)}`;
  assert.is(await loaded(withManifest(manifest({ RepoTags: [pinned] }))), id);
  assert.is(await loaded(layout(pinned)), id);
  assert.is((await pod(['image', 'exists', pinned])).code, 1);
  assert.is(await loaded(layout(`docker.io/library/pinned@${digest}`)), `Loaded image: pinned@${digest}`);
  assert.is((await pod(['image', 'exists', `pinned@${digest}`])).code, 0);
});

test.run();
