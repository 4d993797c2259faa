/** What is fuzzed: everything that reads text from a registry, an archive or a file of configuration. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { keysFor, parseAuthFile } from '../../core/config/auth-file.ts';
import { findCredentials } from '../../core/config/credentials.ts';
import { endpointsOf } from '../../core/config/endpoints.ts';
import { parsePolicy, registryScopes, requirementsFor } from '../../core/config/policy.ts';
import { loadRegistriesConfig } from '../../core/config/registries-conf.ts';
import { expandShortName } from '../../core/config/short-names.ts';
import { PodError } from '../../core/error.ts';
import type { FileTree } from '../../core/images/archive/file-tree.ts';
import { isDigest } from '../../core/images/format/digest.ts';
import { parseImageConfig } from '../../core/images/format/image-config.ts';
import { checkLayers, parseAnyManifest } from '../../core/images/format/manifest.ts';
import { dockerArchiveImages } from '../../core/images/transports/docker-archive.ts';
import {
  canonicalName,
  familiarName,
  parseImageReference,
  parseReference,
  repositoryName,
} from '../../core/reference.ts';
import { parseChallenges } from '../../core/registry/challenge.ts';
import { sandbox } from '../e2e/harness/sandbox.ts';
import { dockerfile, dockerignore } from './dockerfile-target.ts';
import type { Target } from './guided.ts';
import { gzip } from './gzip-target.ts';
import { tar } from './tar-target.ts';
import { spoilJson, spoilText } from './text-mutations.ts';

const HEX = '0123456789abcdef'.repeat(4);
const DIGESTS = [
  `sha256:${HEX}`,
  `sha512:${HEX}${HEX}`,
  'sha256:',
  `sha256:${HEX.toUpperCase()}`,
  `md5:${HEX}`,
];
const MEDIA_TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.oci.image.layer.v1.tar+gzip',
  'application/vnd.oci.image.layer.v1.tar+zstd',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v1+prettyjws',
  'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
];
const ODD_KEYS = ['__proto__', 'constructor', 'toString', '', 'a/b', '../..'];

/** Runs what may refuse its input, by a PodError that can be shown; gives that, or what came out. */
async function refusing<T>(work: () => T | Promise<T>): Promise<{ value: T } | { refused: PodError }> {
  try {
    return { value: await work() };
  } catch (error) {
    if (!(error instanceof PodError)) throw error;
    const told = [error.message, error.why, error.hint].join(' ');
    assert.ok(told.length < 4096, `an error of ${told.length} characters`);
    return { refused: error };
  }
}

const reference: Target = {
  name: 'reference',
  mutate: spoilText([
    ...DIGESTS,
    'docker.io/',
    'library/',
    'localhost:5000/',
    '[::1]:80/',
    'docker://',
    'oci-archive:',
    'docker-archive:/tmp/x:a:b',
    'containers-storage:',
    'builtin:',
    ':latest',
    '@',
    '..',
    '__',
    'A',
  ]),
  async run(input) {
    const text = input.toString();
    await refusing(() => parseReference(text));
    const parsed = await refusing(() => parseImageReference(text));
    if ('refused' in parsed) return;
    // What it is called is a name for the same.
    for (const name of [canonicalName(parsed.value), familiarName(parsed.value)]) {
      assert.is(canonicalName(parseImageReference(name)), canonicalName(parsed.value), name);
      assert.not.match(name, /[\p{Cc}\p{Cf}\s]|\.\.\/|\/\.\./u);
    }
  },
};

const manifest: Target = {
  name: 'manifest',
  mutate: spoilJson([
    ...DIGESTS,
    ...MEDIA_TYPES,
    ...ODD_KEYS,
    'layers',
    'config',
    'manifests',
    'platform',
    'urls',
    'data',
    'annotations',
    'artifactType',
    'subject',
    'schemaVersion',
  ]),
  async run(input) {
    for (const announced of ['', MEDIA_TYPES[0]!, MEDIA_TYPES[5]!]) {
      const parsed = await refusing(() => parseAnyManifest(input, announced, 'it'));
      if ('refused' in parsed) continue;
      const { value } = parsed;
      const descriptors =
        value.kind === 'index' ? value.index.manifests : [value.manifest.config, ...value.manifest.layers];
      for (const { digest, size } of descriptors)
        assert.ok(isDigest(digest) && Number.isSafeInteger(size) && size >= 0, `${digest} ${size}`);
      if (value.kind === 'manifest') await refusing(() => checkLayers(value.manifest, 'it'));
    }
  },
};

const imageConfig: Target = {
  name: 'image-config',
  mutate: spoilJson([
    ...DIGESTS,
    ...ODD_KEYS,
    'rootfs',
    'diff_ids',
    'history',
    'config',
    'Env',
    'Cmd',
    'Healthcheck',
    'Test',
    'Volumes',
    'ExposedPorts',
    'Labels',
    'amd64',
  ]),
  async run(input) {
    const parsed = await refusing(() => parseImageConfig(input, 'it'));
    if ('refused' in parsed) return;
    const { rootfs, config } = parsed.value;
    assert.ok(rootfs.diff_ids.every(isDigest));
    for (const list of [config?.Env, config?.Cmd, config?.Entrypoint])
      assert.ok(list == null || list.every((word) => typeof word === 'string'));
  },
};

const NAMES = ['alpine', 'docker.io/library/alpine:3', `quay.io/a/b@${DIGESTS[0]}`, 'localhost:5000/x'];

const registriesConf: Target = {
  name: 'registries-conf',
  mutate: spoilText([
    '[[registry]]\n',
    '[[registry.mirror]]\n',
    '[aliases]\n',
    'prefix = "*.example.com"\n',
    'location = "docker.io"\n',
    'location = "a//../b"\n',
    'insecure = true\n',
    'blocked = true\n',
    'mirror-by-digest-only = true\n',
    'pull-from-mirror = "tag-only"\n',
    'unqualified-search-registries = ["quay.io"]\n',
    'short-name-mode = "enforcing"\n',
    'credential-helpers = ["secretservice"]\n',
    '[registries.search]\nregistries = ["a"]\n',
    '"""',
    "'''",
    '\\u0000',
    '1979-05-27T07:32:00Z',
    '__proto__ = 1\n',
    '"a" = "b/c"\n',
  ]),
  async run(input) {
    const path = join(sandbox.work, 'fuzzed-registries.conf');
    writeFileSync(path, input);
    const env = { HOME: sandbox.work, CONTAINERS_REGISTRIES_CONF: path };
    const loaded = await refusing(() => loadRegistriesConfig(env));
    if ('refused' in loaded) return;
    for (const name of NAMES) {
      await refusing(() => {
        for (const candidate of expandShortName(parseImageReference(name), loaded.value))
          for (const endpoint of endpointsOf(candidate, loaded.value))
            parseImageReference(canonicalName(endpoint.reference));
      });
    }
  },
};

const SECRET = 's3cr3t-p4ss';
const basic = Buffer.from(`user:${SECRET}`).toString('base64');

const authFile: Target = {
  name: 'auth-json',
  mutate: spoilJson([
    ...ODD_KEYS,
    basic,
    SECRET,
    'auths',
    'auth',
    'identitytoken',
    'credHelpers',
    'credsStore',
    'quay.io',
    'quay.io/team',
    'https://index.docker.io/v1/',
    'username',
    'password',
    'dXNlcg==',
  ]),
  async run(input) {
    const path = join(sandbox.work, 'fuzzed-auth.json');
    const parsed = await refusing(() => parseAuthFile(path, input.toString()));
    const refused = 'refused' in parsed ? [parsed.refused] : [];
    if ('value' in parsed) {
      keysFor(parsed.value.auths, 'quay.io');
      // No program of whatever name is started: that isn't what is tested here.
      const { auths } = parsed.value;
      writeFileSync(path, JSON.stringify({ auths }));
      const env = { HOME: sandbox.work, REGISTRY_AUTH_FILE: path, PATH: '' };
      for (const name of ['quay.io/team/app', 'docker.io/library/alpine']) {
        const found = await refusing(() => findCredentials(name, env));
        if ('refused' in found) refused.push(found.refused);
      }
    }
    for (const { message, why, hint } of refused) assert.not.match(`${message} ${why} ${hint}`, SECRET);
  },
};

const policy: Target = {
  name: 'policy',
  mutate: spoilJson([
    ...ODD_KEYS,
    'default',
    'transports',
    'docker',
    'docker-daemon',
    'type',
    'reject',
    'insecureAcceptAnything',
    'signedBy',
    'sigstoreSigned',
    'keyType',
    'GPGKeys',
    'keyPath',
    'keyData',
    'signedIdentity',
    'matchRepository',
    'exactReference',
    'quay.io/team',
    '*.example.com',
  ]),
  async run(input) {
    const read = await refusing(() => parsePolicy('it', input.toString()));
    if ('refused' in read) return;
    for (const name of NAMES) {
      const reference = parseImageReference(name);
      const scopes = registryScopes(canonicalName(reference), repositoryName(reference));
      const chosen = requirementsFor(read.value, 'docker', scopes);
      // Nothing that isn't known may count as consent.
      assert.ok(chosen.requirements.length > 0);
    }
  },
};

const dockerArchive: Target = {
  name: 'docker-archive',
  mutate: spoilJson([
    ...ODD_KEYS,
    'Config',
    'RepoTags',
    'Layers',
    'config.json',
    'layer.tar',
    'a:1',
    '@0',
    'x'.repeat(300),
  ]),
  async run(input) {
    const config = JSON.stringify({ os: 'linux', rootfs: { type: 'layers', diff_ids: [DIGESTS[0]] } });
    const files = new Map([
      ['manifest.json', input],
      ['config.json', Buffer.from(config)],
      ['layer.tar', Buffer.alloc(1024)],
    ]);
    const tree: FileTree = {
      size: (path) => files.get(path)?.length,
      async *read(path, from = 0) {
        yield files.get(path)!.subarray(from);
      },
      close: async () => {},
    };
    for (const wanted of [undefined, '@0', 'a:1']) {
      const found = await refusing(() => dockerArchiveImages(tree, 'it', wanted));
      if ('refused' in found) continue;
      for (const { names, source } of found.value.slice(0, 4)) {
        for (const name of names) parseImageReference(name);
        const made = await refusing(() => source.manifest(undefined));
        if ('value' in made) parseAnyManifest(made.value.bytes, made.value.mediaType, 'it');
      }
    }
  },
};

const challenge: Target = {
  name: 'challenge',
  mutate: spoilText(['Bearer ', 'Basic ', 'realm=', '"', '\\"', ',', 'scope=', 'service=', '  ', '=', '\t']),
  run(input) {
    for (const { scheme } of parseChallenges(input.toString('latin1')))
      assert.is(scheme, scheme.toLowerCase());
  },
};

export const targets: readonly Target[] = [
  reference,
  manifest,
  imageConfig,
  registriesConf,
  authFile,
  policy,
  dockerArchive,
  challenge,
  tar,
  gzip,
  dockerfile,
  dockerignore,
];
