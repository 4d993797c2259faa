/** What a container has written over its image: the writable layer, or with the driver `copy` what differs from it. */

import type { FileStreamSink } from '../../rootless/file-stream.ts';
import { userNamespacePlan } from '../../rootless/id-map.ts';
import type { Operation } from '../../rootless/plan.ts';
import type { Namespace } from '../images/unpack/apply-job.ts';
import { launcherPath } from '../launcher.ts';
import { ownersMoved } from './copy/copy-owners.ts';
import type { PlaceParts } from './copy/place.ts';
import { layerJob, type RootRecord } from './root.ts';
import { containerDirectory } from './store.ts';

export interface WrittenLayer {
  namespace: Namespace;
  job: Operation;
  /** Owners become what the image has. */
  sink: (sink: FileStreamSink) => FileStreamSink;
}

/** What packs the changes; `list`: names, sizes and owners, but no data. */
export function writtenLayer(
  { paths, host, record }: Pick<PlaceParts, 'paths' | 'host'> & { record: RootRecord & { id: string } },
  list: boolean,
): WrittenLayer {
  const jobs = layerJob(paths, host, record, containerDirectory(paths, record.id), list);
  const job = jobs.pop()!;
  const maps = [...userNamespacePlan(host.defaultMaps), ...jobs];
  // A copy's owners are those of the container's own map; an overlay's files are stored as the image's are.
  const change = record.driver === 'copy' ? ownersMoved(host.defaultMaps, record.maps) : undefined;
  return {
    namespace: { launcher: launcherPath(), maps },
    job,
    sink: (sink) => (change ? { ...sink, entry: (entry) => sink.entry(change(entry)) } : sink),
  };
}
