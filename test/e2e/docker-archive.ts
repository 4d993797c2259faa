import { createHash } from 'node:crypto';
import { type TarEntry, tarOf } from './harness/tar.ts';

export interface ArchivedImage {
  /** `localhost/a:1`; an image without any has no name. */
  tags: string[];
  /** From the lowest up. */
  layers: (TarEntry[] | Buffer)[];
  /** RFC 3339. */
  created?: string;
  /** The config's `config`. */
  config?: object;
  history?: object[];
}

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The config of an image as its archive has it: the digest is the image's id. */
export function configOf({ layers, created, config = {}, history }: ArchivedImage): Buffer {
  const tars = layers.map((layer) => (Buffer.isBuffer(layer) ? layer : tarOf(layer)));
  return Buffer.from(
    JSON.stringify({
      ...{ architecture: 'amd64', os: 'linux', ...(created && { created }) },
      config,
      rootfs: { type: 'layers', diff_ids: tars.map((tar) => `sha256:${sha256(tar)}`) },
      ...(history && { history }),
    }),
  );
}

/** What `docker save` wrote before version 25: a config and a manifest entry for each image, every layer once. */
export function dockerArchive(images: readonly ArchivedImage[]): Buffer {
  const layers = new Map<string, Buffer>();
  const configs = new Map<string, Buffer>();
  const manifest = images.map((image) => {
    const tars = image.layers.map((layer) => (Buffer.isBuffer(layer) ? layer : tarOf(layer)));
    for (const tar of tars) layers.set(`${sha256(tar)}.tar`, tar);
    const config = configOf(image);
    configs.set(`${sha256(config)}.json`, config);
    return {
      Config: `${sha256(config)}.json`,
      RepoTags: image.tags,
      Layers: tars.map((tar) => `${sha256(tar)}.tar`),
    };
  });
  const files = [...configs, ...layers].map(([name, content]) => ({ name, content }));
  return tarOf([...files, { name: 'manifest.json', content: JSON.stringify(manifest) }]);
}
