/** What a container has written over its image: the writable layer, or with the driver `copy` what differs from it. */

import type { FileStreamSink } from '../../rootless/file-stream.ts';
import { mapPlan } from '../../rootless/id-map.ts';
import { launcherPath } from '../launcher.ts';
import { ownersMoved } from './copy-owners.ts';
import { packFiles } from './pack-job.ts';
import type { PlaceParts } from './place.ts';
import { layerJob } from './root.ts';
import { containerDirectory } from './store.ts';

export interface LayerWork {
  sink: FileStreamSink;
  drain?: () => Promise<void>;
  /** Names, sizes and owners, but no data. */
  list: boolean;
  failing: string;
}

/** Gives the changes to the sink, owners as the image has them; returns notices, a line each. */
export async function readWrittenLayer(parts: PlaceParts, work: LayerWork): Promise<string[]> {
  const { paths, host, record } = parts;
  const jobs = layerJob(paths, host, record, containerDirectory(paths, record.id), work.list);
  const job = jobs.pop()!;
  const namespace = {
    launcher: launcherPath(),
    maps: [...mapPlan(host.defaultMaps), ['namespace', 'user'], ...jobs],
  };
  // The copy's owners are those of the container's own map; an overlay's files are stored as the image's are.
  const change = record.driver === 'copy' ? ownersMoved(host.defaultMaps, record.maps) : undefined;
  const { sink } = work;
  const moved: FileStreamSink = change ? { ...sink, entry: (entry) => sink.entry(change(entry)) } : sink;
  return packFiles(namespace, job, { ...work, sink: moved });
}
