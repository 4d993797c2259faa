import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PodError } from '../../../../../core/error.ts';
import { parseImageConfig } from '../../../../../core/images/format/image-config.ts';
import { checkLayers, parseAnyManifest, parseIndex } from '../../../../../core/images/format/manifest.ts';
import {
  DOCKER_LIST,
  DOCKER_MANIFEST,
  OCI_INDEX,
  OCI_MANIFEST,
  ociType,
} from '../../../../../core/images/format/media-types.ts';

const digest = `sha256:${'ab'.repeat(32)}`;
const layer = { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest, size: 10 };
const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest, size: 2 };
const manifest = { schemaVersion: 2, config, layers: [layer] };
const bytes = (value: unknown): Buffer =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));

function refusal(work: () => unknown): PodError {
  try {
    work();
  } catch (error) {
    assert.instance(error, PodError);
    return error as PodError;
  }
  return assert.unreachable() as never;
}

test('the media type is the own one, else the announced, else what the shape says', () => {
  const kind = (value: object, announced: string): string =>
    parseAnyManifest(bytes(value), announced, 'x').mediaType;
  assert.is(kind({ ...manifest, mediaType: DOCKER_MANIFEST }, OCI_MANIFEST), DOCKER_MANIFEST);
  assert.is(kind(manifest, OCI_MANIFEST), OCI_MANIFEST);
  assert.is(kind(manifest, 'text/plain'), OCI_MANIFEST);
  assert.is(kind({ schemaVersion: 2, manifests: [] }, ''), OCI_INDEX);
  assert.is(kind({ schemaVersion: 2, manifests: [] }, OCI_MANIFEST), OCI_INDEX);
  assert.is(kind({ schemaVersion: 2, manifests: [], mediaType: DOCKER_LIST }, ''), DOCKER_LIST);
});

const broken: [string, unknown, RegExp, string?][] = [
  ['no JSON', '<html>', /not JSON/],
  ['an array', [], /not a JSON object/],
  ['no version', { config, layers: [] }, /schemaVersion/],
  ['schema 1', { schemaVersion: 1, fsLayers: [] }, /schema 1/, 'unsupported'],
  [
    'schema 1 by its type',
    { schemaVersion: 2, mediaType: 'application/vnd.docker.distribution.manifest.v1+prettyjws' },
    /schema 1/,
    'unsupported',
  ],
  ['both kinds at once', { ...manifest, manifests: [] }, /at once/],
  ['an artifact', { ...manifest, mediaType: 'application/vnd.x' }, /no container image/, 'unsupported'],
  ['no layers', { schemaVersion: 2, config }, /no layers/],
  ['too many layers', { ...manifest, layers: Array(1001).fill(layer) }, /more than 1000/],
  [
    'a digest that climbs',
    { ...manifest, layers: [{ ...layer, digest: 'sha256:../../../etc/passwd' }] },
    /its digest/,
  ],
  [
    'a digest of another kind',
    { ...manifest, config: { ...config, digest: `md5:${'a'.repeat(32)}` } },
    /its digest/,
  ],
  ['a negative size', { ...manifest, layers: [{ ...layer, size: -1 }] }, /size/],
  ['a huge size', { ...manifest, layers: [{ ...layer, size: 1e300 }] }, /size/],
  ['a size in words', { ...manifest, layers: [{ ...layer, size: '10' }] }, /size/],
  [
    'annotations that are no strings',
    { ...manifest, layers: [{ ...layer, annotations: { a: 1 } }] },
    /annotations/,
  ],
  [
    'a platform without os',
    { schemaVersion: 2, manifests: [{ ...config, platform: { architecture: 'x' } }] },
    /platform/,
  ],
];
for (const [what, value, why, code = 'invalid'] of broken) {
  test(`a manifest with ${what} is refused`, () => {
    const error = refusal(() => parseAnyManifest(bytes(value), '', 'image x'));
    assert.is(error.code, code);
    assert.match(error.why ?? '', why);
  });
}

test('deeply nested JSON is an error, not a crash', () => {
  refusal(() => parseAnyManifest(bytes('['.repeat(1_000_000)), '', 'x'));
  refusal(() => parseIndex('{"manifests":'.repeat(100_000), 'x'));
});

test('layers that cannot be unpacked are told from those that can', () => {
  const withType = (mediaType: string) => ({
    ...manifest,
    schemaVersion: 2 as const,
    layers: [{ ...layer, mediaType }],
  });
  for (const type of ['tar', 'tar+gzip', 'tar+zstd'])
    checkLayers(withType(`application/vnd.oci.image.layer.v1.${type}`), 'x');
  checkLayers(withType('application/vnd.docker.image.rootfs.diff.tar.gzip'), 'x');
  for (const type of [
    'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
    'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
  ]) {
    assert.match(refusal(() => checkLayers(withType(type), 'x')).why ?? '', 'foreign layer');
  }
  for (const type of ['', 'application/vnd.oci.image.layer.v1.tar+gzip+encrypted', 'constructor']) {
    assert.is(refusal(() => checkLayers(withType(type), 'x')).code, 'unsupported');
  }
});

test('docker types have OCI names', () => {
  assert.is(
    ociType('application/vnd.docker.image.rootfs.diff.tar.gzip'),
    'application/vnd.oci.image.layer.v1.tar+gzip',
  );
  assert.is(
    ociType('application/vnd.docker.image.rootfs.diff.tar'),
    'application/vnd.oci.image.layer.v1.tar',
  );
  assert.is(
    ociType('application/vnd.docker.container.image.v1+json'),
    'application/vnd.oci.image.config.v1+json',
  );
  assert.is(ociType('text/plain'), 'text/plain');
});

const image = { os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [digest] } };

test('a config as Go writes it is read, its nulls left out', () => {
  const parsed = parseImageConfig(
    bytes({
      ...image,
      created: '2024-01-01T00:00:00Z',
      config: {
        Env: ['A=b'],
        Cmd: ['sh'],
        Entrypoint: null,
        Volumes: null,
        Labels: null,
        OnBuild: null,
        User: '',
      },
      history: [{ created_by: 'x', empty_layer: true }],
      container_config: { Hostname: 'x' },
    }),
    'x',
  );
  assert.equal(parsed.config, { Env: ['A=b'], Cmd: ['sh'], User: '' });
  assert.equal(parsed.rootfs.diff_ids, [digest]);
  assert.is(parsed.history?.length, 1);
});

test('a config without a config has none', () => {
  assert.is(parseImageConfig(bytes({ ...image, config: null }), 'x').config, undefined);
});

const brokenConfigs: [string, unknown][] = [
  ['no rootfs', { os: 'linux' }],
  ['a diff id that climbs', { ...image, rootfs: { type: 'layers', diff_ids: ['sha256:..'] } }],
  ['diff ids that are no list', { ...image, rootfs: { diff_ids: {} } }],
  ['an architecture that is a number', { ...image, architecture: 1 }],
  ['Env as an object', { ...image, config: { Env: { A: 'b' } } }],
  ['Env with a number', { ...image, config: { Env: [1] } }],
  ['Cmd as a string', { ...image, config: { Cmd: 'sh' } }],
  ['Labels with a number', { ...image, config: { Labels: { a: 1 } } }],
  ['Volumes as a list', { ...image, config: { Volumes: [] } }],
  ['StopTimeout in words', { ...image, config: { StopTimeout: '10' } }],
  ['a Healthcheck of strings', { ...image, config: { Healthcheck: { Interval: '1s' } } }],
  ['config as a list', { ...image, config: [] }],
  ['history as a string', { ...image, history: 'x' }],
];
for (const [what, value] of brokenConfigs) {
  test(`a config with ${what} is refused`, () => {
    assert.is(refusal(() => parseImageConfig(bytes(value), 'x')).code, 'invalid');
  });
}

test('a config cannot reach the prototype', () => {
  const parsed = parseImageConfig(
    bytes(
      '{"os":"linux","architecture":"x","rootfs":{"diff_ids":[]},"config":{"__proto__":{"User":"0"},"constructor":1,"toString":2}}',
    ),
    'x',
  );
  assert.is(parsed.config?.User, undefined);
  assert.is(({} as { User?: string }).User, undefined);
});

test.run();
