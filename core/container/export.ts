/** `export`: a container's file tree as a tar archive, without what is mounted in it. */

import { tarSink } from '../archive/tar-sink.ts';
import { packFiles } from './copy/pack-job.ts';
import { ownRootPlace, type PlaceParts } from './copy/place.ts';
import { emitContainerEvent } from './events.ts';

/** `output` gets the archive's bytes in order. Returns notices, a line each. */
export async function exportContainer(
  parts: PlaceParts,
  output: (bytes: Uint8Array) => void,
): Promise<string[]> {
  const tar = tarSink(output);
  const place = ownRootPlace(parts);
  const notices = await packFiles(place(), ['pack', '/', '/', '', 'own'], {
    sink: {
      ...tar,
      entry: (entry) => {
        if (entry.path !== '') tar.entry(entry);
      },
    },
    failing: `cannot export ${parts.record.name}`,
  });
  tar.finish();
  emitContainerEvent(parts.paths, parts.record, 'export');
  return notices;
}
