/**
 * Docker's archive (moby, image/spec/v1.2.md, "Combined Image JSON + Filesystem Changeset Format"): manifest.json names
 * each image's config and layer tars. It has no manifest: one is made, whose layers are the files as they are.
 */

import { compressionOf } from '../../archive/decompress.ts';
import { PodError } from '../../error.ts';
import { printable } from '../../reference.ts';
import { type FileTree, readSmallFile } from '../archive/file-tree.ts';
import { digestOf } from '../format/digest.ts';
import { parseImageConfig } from '../format/image-config.ts';
import { invalid, isFields, parseJsonList } from '../format/json.ts';
import { MOST_LAYERS } from '../format/manifest.ts';
import { DOCKER_CONFIG, DOCKER_MANIFEST } from '../format/media-types.ts';
import type { Descriptor, Manifest } from '../format/types.ts';
import { claimedName, dockerName, type FoundImage } from './found-image.ts';
import { digestOfFile, treeSource } from './tree-source.ts';

const JSON_LIMIT = 8 << 20;
const LAYER = 'application/vnd.docker.image.rootfs.diff.tar';

interface Item {
  readonly config: string;
  readonly tags: readonly string[];
  readonly layers: readonly string[];
}

export function isDockerArchive(tree: FileTree): boolean {
  return tree.size('manifest.json') !== undefined;
}

/** The images of an archive. `wanted` is one of their names, or "@" and a position from 0; all when undefined. */
export async function dockerArchiveImages(
  tree: FileTree,
  path: string,
  wanted?: string,
): Promise<FoundImage[]> {
  const what = `docker-archive:${path}`;
  const bytes = await readSmallFile(tree, 'manifest.json', JSON_LIMIT, path);
  const items = parseJsonList(bytes, `manifest.json of ${path}`).map((item) => readItem(item, path));
  const position = wanted === undefined ? undefined : /^@(\d{1,6})$/.exec(wanted)?.[1];
  const name = wanted === undefined || position !== undefined ? undefined : dockerName(wanted);
  const chosen = items.filter(
    ({ tags }, index) =>
      wanted === undefined ||
      (position === undefined ? tags.some((tag) => dockerName(tag) === name) : index === Number(position)),
  );
  if (chosen.length === 0) {
    const hint = printable(`there is: ${items.flatMap(({ tags }) => tags).join(', ')}`, 200);
    throw new PodError({
      code: 'not-found',
      message: `no image ${printable(wanted ?? '')} in ${what}`,
      hint,
    });
  }
  const hashed = new Map<string, Promise<string>>();
  return chosen.map((item) => {
    const names = (name === undefined ? item.tags.map(dockerName) : [name]).map((tag) => claimedName(tag));
    return { names: names.filter((tag) => tag !== undefined), source: sourceOf(tree, what, item, hashed) };
  });
}

function readItem(item: unknown, path: string): Item {
  const what = `manifest.json of ${path}`;
  const isStrings = (value: unknown): value is string[] =>
    Array.isArray(value) && value.every((one) => typeof one === 'string');
  if (!isFields(item)) throw invalid(what, 'it lists what is no image');
  const { Config: config, RepoTags: tags, Layers: layers } = item;
  if (typeof config !== 'string' || !isStrings(tags ?? []) || !isStrings(layers ?? []))
    throw invalid(what, 'an image in it is not Config, RepoTags and Layers');
  const list = (layers ?? []) as string[];
  if (list.length > MOST_LAYERS) throw invalid(what, `an image in it has more than ${MOST_LAYERS} layers`);
  return { config, tags: (tags ?? []) as string[], layers: list };
}

function sourceOf(
  tree: FileTree,
  what: string,
  item: Item,
  hashed: Map<string, Promise<string>>,
): FoundImage['source'] {
  const places = new Map<string, string>();
  const describe = async (path: string, diffId: string): Promise<Descriptor> => {
    const size = tree.size(path);
    if (size === undefined) throw invalid(what, `${printable(path)} is not in it`);
    const compression = compressionOf(await headOf(tree, path));
    let digest = diffId;
    if (compression !== 'none') {
      if (!hashed.has(path)) hashed.set(path, digestOfFile(tree, path));
      digest = await hashed.get(path)!;
    }
    places.set(digest, path);
    return { mediaType: compression === 'none' ? LAYER : `${LAYER}.${compression}`, size, digest };
  };
  return treeSource({
    tree,
    transport: 'docker-archive',
    description: what,
    pathOf: (digest) => places.get(digest),
    manifest: async () => {
      const config = await readSmallFile(tree, item.config, JSON_LIMIT, what);
      const diffIds = parseImageConfig(config, `${printable(item.config)} of ${what}`).rootfs.diff_ids;
      if (diffIds.length !== item.layers.length)
        throw invalid(what, `it has ${item.layers.length} layers and ${diffIds.length} diff ids`);
      const digest = digestOf(config);
      places.set(digest, item.config);
      const layers: Descriptor[] = [];
      for (const [index, path] of item.layers.entries()) layers.push(await describe(path, diffIds[index]!));
      const manifest: Manifest = {
        schemaVersion: 2,
        mediaType: DOCKER_MANIFEST,
        config: { mediaType: DOCKER_CONFIG, size: config.length, digest },
        layers,
      };
      return { bytes: Buffer.from(JSON.stringify(manifest)), mediaType: DOCKER_MANIFEST };
    },
  });
}

async function headOf(tree: FileTree, path: string): Promise<Buffer> {
  for await (const chunk of tree.read(path)) return chunk;
  return Buffer.alloc(0);
}
