/** What is in a volume as a tar archive, and back. */

import { layerOps } from '../archive/layer-ops.ts';
import { tarSink } from '../archive/tar-sink.ts';
import { tarSource } from '../container/copy/copy-source.ts';
import { packFiles } from '../container/copy/pack-job.ts';
import { ownersNamespace } from '../container/copy/place.ts';
import type { HostFacts } from '../container/facts.ts';
import { feedApply, startApply } from '../images/unpack/apply-job.ts';
import type { Paths } from '../paths.ts';
import { volumePlace } from './place.ts';
import { findVolume } from './store.ts';

export interface VolumeArchiveContext {
  paths: Paths;
  host: HostFacts;
  notice: (line: string) => void;
}

/** `output` gets the archive's bytes in order. */
export async function exportVolume(
  wish: string,
  { paths, host, notice }: VolumeArchiveContext,
  output: (bytes: Uint8Array) => void,
): Promise<void> {
  const volume = findVolume(paths, wish);
  const directory = volumePlace(paths, volume, 'export');
  const tar = tarSink(output);
  const notices = await packFiles(ownersNamespace(host), ['pack', directory, '/', '', '-'], {
    sink: tar,
    failing: `cannot export the volume ${volume.name}`,
  });
  tar.finish();
  notices.forEach(notice);
}

/**
 * Adds what an archive has, compressed or not, to a volume; what is there under the same name gives way. No path of the
 * archive leads out of the volume, whatever links there are in either.
 */
export async function importVolume(
  wish: string,
  { paths, host, notice }: VolumeArchiveContext,
  input: AsyncIterable<Uint8Array>,
): Promise<void> {
  const volume = findVolume(paths, wish);
  const directory = volumePlace(paths, volume, 'import into');
  const failing = `cannot import into the volume ${volume.name}`;
  const job = startApply(ownersNamespace(host), ['apply', directory], failing);
  const notices = await feedApply(job, async (ops, send) => {
    const layer = layerOps(ops, { literal: true });
    await tarSource(input).read(layer, send, '');
    layer.finish();
  });
  notices.forEach(notice);
}
