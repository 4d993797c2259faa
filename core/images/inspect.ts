import { parseImageReference, repositoryName } from '../reference.ts';
import type { ImageRecord } from './types.ts';

/** `NAME@DIGEST` for each repository that the image has a name in. */
function digestsOf(image: ImageRecord): string[] {
  const repositories = image.names
    .filter((name) => !name.startsWith('builtin:'))
    .map((name) => repositoryName(parseImageReference(name)));
  return [...new Set(repositories)].map((repository) => `${repository}@${image.digest}`);
}

/** What `inspect` shows of an image, in docker's shape. */
export function inspectImage(image: ImageRecord): Record<string, unknown> {
  const { config, platform } = image;
  return {
    Id: `sha256:${image.id}`,
    Digest: image.digest,
    RepoTags: image.names.filter((name) => !name.includes('@')),
    RepoDigests: digestsOf(image),
    Created: image.created ?? '',
    Author: config.author ?? '',
    Config: config.config ?? {},
    Architecture: platform.architecture,
    Os: platform.os,
    ...(platform.variant !== undefined && { Variant: platform.variant }),
    Size: image.size,
    Labels: config.config?.Labels ?? {},
    ManifestType: image.mediaType,
    RootFS: { Type: 'layers', Layers: image.diffIds },
    History: config.history ?? [],
  };
}
