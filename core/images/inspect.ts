import { join } from 'node:path';
import type { Paths } from '../paths.ts';
import { parseImageReference, repositoryName } from '../reference.ts';
import { idOf } from './entry.ts';
import { parseAnyManifest } from './format/manifest.ts';
import type { ImageRecord } from './format/types.ts';
import { blobSize, layerPath, readBlob, readIndex } from './layout.ts';
import { parentOf } from './parents.ts';

/** `NAME@DIGEST` for each repository that the image has a name in. */
export function repoDigests(image: { readonly names: readonly string[]; readonly digest: string }): string[] {
  const repositories = image.names
    .filter((name) => !name.startsWith('builtin:'))
    .map((name) => repositoryName(parseImageReference(name)));
  return [...new Set(repositories)].map((repository) => `${repository}@${image.digest}`);
}

/** Annotations of the manifest as the registry has it. */
function annotationsOf(paths: Pick<Paths, 'images'>, { digest, mediaType }: ImageRecord): object {
  const parsed = parseAnyManifest(readBlob(paths, digest), mediaType, `image ${digest}`);
  return (parsed.kind === 'manifest' && parsed.manifest.annotations) || {};
}

function parentId(paths: Pick<Paths, 'images'>, { config }: ImageRecord): string {
  const parent = parentOf(paths, config, readIndex(paths).manifests);
  return parent ? `sha256:${idOf(paths, parent.entry)}` : '';
}

/** Where the files are: the topmost layer is what docker and podman call the upper one. */
function graphDriver(paths: Pick<Paths, 'layers'>, { diffIds }: ImageRecord): object {
  const [upper, ...lower] = diffIds.map((diffId) => join(layerPath(paths, diffId), 'fs')).reverse();
  const data = { ...(lower.length > 0 && { LowerDir: lower.join(':') }), ...(upper && { UpperDir: upper }) };
  return { Name: 'overlay', Data: data };
}

/** What nobody has written down, in Go's words. */
const NO_TIME = '0001-01-01T00:00:00Z';

/** What `inspect` shows of an image: docker's fields and podman's. */
export function inspectImage(
  paths: Pick<Paths, 'images' | 'layers'>,
  image: ImageRecord,
): Record<string, unknown> {
  const { config, platform, digest, mediaType } = image;
  const { config: execution = {}, history = [] } = config;
  const more = config as unknown as Record<string, unknown>;
  return {
    Id: `sha256:${image.id}`,
    Digest: digest,
    RepoTags: image.names.filter((name) => !name.includes('@')),
    RepoDigests: repoDigests(image),
    Parent: parentId(paths, image),
    Comment: more.comment ?? history.at(-1)?.comment ?? '',
    Created: image.created ?? '',
    DockerVersion: more.docker_version ?? '',
    Version: more.docker_version ?? '',
    Author: config.author ?? '',
    Config: execution,
    Architecture: platform.architecture,
    ...(platform.variant !== undefined && { Variant: platform.variant }),
    Os: platform.os,
    ...(config['os.version'] !== undefined && { OsVersion: config['os.version'] }),
    Size: image.size,
    VirtualSize: image.size,
    GraphDriver: graphDriver(paths, image),
    RootFS: { Type: 'layers', Layers: image.diffIds },
    Metadata: { LastTagTime: NO_TIME },
    Descriptor: { mediaType, digest, size: blobSize(paths, digest) ?? 0 },
    Labels: execution.Labels ?? {},
    Annotations: annotationsOf(paths, image),
    ManifestType: mediaType,
    User: execution.User ?? '',
    History: history,
    NamesHistory: image.names,
    ...(execution.Healthcheck && { Healthcheck: execution.Healthcheck }),
  };
}
