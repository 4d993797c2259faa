/** `import`: an image of one layer, which is a tar archive of a file tree. */

import { decompress, EXPANSION_LIMIT, formOf } from '../../archive/decompress.ts';
import type { Environment } from '../../config/read-config.ts';
import { PodError } from '../../error.ts';
import { type ArchiveInput, describeInput, readInput } from '../../images/archive/archive-input.ts';
import { expandByProgram } from '../../images/decompress/expand-by-program.ts';
import { emitImageEvent } from '../../images/events.ts';
import type { ImageConfig, ImageRecord } from '../../images/format/types.ts';
import { manifestOf, newImageName } from '../../images/new-image.ts';
import { keepLayer } from '../../images/pull/keep-layer.ts';
import { layerNamespace } from '../../images/pull/obtain.ts';
import { putImage } from '../../images/store.ts';
import type { Paths } from '../../paths.ts';
import type { Platform } from '../../platform.ts';
import { applyChanges } from './commit-changes.ts';

export interface ImportOptions {
  readonly paths: Paths;
  readonly env: Environment;
  /** What to call it; undefined: nothing. */
  readonly name: string | undefined;
  /** Instructions of a Dockerfile, as commit takes them. */
  readonly changes: readonly string[];
  readonly message: string | undefined;
  readonly platform: Platform;
  readonly onNotice: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Makes the image. Errors: those of reading the archive, `invalid` for one that isn't a tar, `usage` for a change. */
export async function importImage(input: ArchiveInput, options: ImportOptions): Promise<ImageRecord> {
  const { paths, env, onNotice, signal } = options;
  const name = options.name === undefined ? undefined : newImageName(options.name);
  const execution = applyChanges({}, options.changes);
  const from = describeInput(input);
  const failing = `cannot import ${from}`;
  const { blob, layer } = await keepLayer(readable(readInput(input, { env, signal }), env), {
    ...{ paths, namespace: layerNamespace(), failing, onNotice, signal },
  });
  const { os, architecture, variant } = options.platform;
  const created = new Date().toISOString();
  const comment = options.message ?? `Imported from ${typeof input === 'string' ? from : '-'}`;
  const config: ImageConfig = {
    created,
    os,
    architecture,
    ...(variant && { variant }),
    ...(Object.keys(execution).length > 0 && { config: execution }),
    rootfs: { type: 'layers', diff_ids: [layer.diffId] },
    history: [{ created, comment }],
  };
  const bytes = Buffer.from(JSON.stringify(config));
  const manifest = manifestOf([blob], bytes, false);
  const image = await putImage(paths, { name, config: bytes, manifest, unpackedSize: layer.size });
  if (!image)
    throw new PodError({ code: 'conflict', message: failing, why: 'its layer was removed meanwhile' });
  emitImageEvent(paths, 'import', image.id, name);
  return image;
}

/** What a layer may be is kept as it is; the rest, xz and bzip2, is decompressed. */
async function* readable(bytes: AsyncIterable<Uint8Array>, env: Environment): AsyncGenerator<Uint8Array> {
  const iterator = bytes[Symbol.asyncIterator]();
  let head: Uint8Array = Buffer.alloc(0);
  try {
    while (head.length < 6) {
      const next = await iterator.next();
      if (next.done) break;
      head = Buffer.concat([head, next.value]);
    }
    const rest = { [Symbol.asyncIterator]: () => iterator };
    const form = formOf(head);
    const whole = chain(head, rest);
    yield* form === 'xz' || form === 'bzip2'
      ? decompress(whole, EXPANSION_LIMIT, { foreign: expandByProgram(env) })
      : whole;
  } finally {
    await iterator.return?.();
  }
}

async function* chain(head: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (head.length > 0) yield head;
  yield* rest;
}
