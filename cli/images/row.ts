import { repoDigests } from '../../core/images/inspect.ts';
import type { Paths } from '../../core/paths.ts';
import { ago, goTime, humanSize, shortId } from '../output/units.ts';
import { labelsOf, type NamedImage } from './named-image.ts';

export interface RowOptions {
  paths: Paths;
  noTrunc: boolean;
  /** Milliseconds since 1970. */
  now: number;
  /** How many containers use an image. */
  users: (image: NamedImage['image']) => number;
}

export function shownId(id: string, noTrunc: boolean): string {
  return noTrunc ? `sha256:${id}` : shortId(id);
}

/** docker's fields of a listed image, and podman's as methods: what costs a look at the config is asked only where it is shown. */
export function imageRow({ image, repository, tag }: NamedImage, options: RowOptions): object {
  const { paths, noTrunc, now } = options;
  const created = image.created === undefined ? undefined : Date.parse(image.created);
  const since = created === undefined ? 'N/A' : ago(created, now);
  const size = humanSize(image.size);
  return {
    get Containers() {
      return String(options.users(image));
    },
    CreatedAt: created === undefined ? 'N/A' : goTime(created),
    CreatedSince: since,
    Digest: image.digest,
    ID: shownId(image.id, noTrunc),
    Repository: repository,
    SharedSize: 'N/A',
    Size: size,
    Tag: tag,
    UniqueSize: 'N/A',
    VirtualSize: size,
    Created: () => since,
    CreatedTime: () => (created === undefined ? '' : goTime(created)),
    Labels: () => labelsOf(paths, image),
    Names: () => [...image.names],
    ReadOnly: () => false,
    RepoDigests: () => repoDigests(image),
    RepoTags: () => image.names.filter((name) => !name.includes('@')),
  };
}
