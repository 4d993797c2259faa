import { createReadStream } from 'node:fs';
import { NO_XATTRS } from '../../archive/tar-entry.ts';
import { describeAddress } from '../../registry/fetch-address.ts';
import type { Download } from '../context/download.ts';
import type { SelectedSource } from './selection.ts';

/** A file from the web: root's own, mode 0600, of the time that the server tells (else 1970, as BuildKit has it). */
export function downloadedSource(address: string, found: Download): SelectedSource {
  return {
    label: describeAddress(address),
    directory: false,
    name: found.name === undefined ? '' : Buffer.from(found.name).toString('latin1'),
    read: async (sink, drain) => {
      sink.entry({
        path: '',
        type: 'file',
        linkTarget: '',
        size: found.size,
        mode: 0o600,
        uid: 0,
        gid: 0,
        mtime: { seconds: found.modified ?? 0, nanoseconds: 0 },
        major: 0,
        minor: 0,
        xattrs: NO_XATTRS,
      });
      for await (const chunk of createReadStream(found.path, { highWaterMark: 1 << 20 })) {
        sink.data(chunk);
        await drain();
      }
    },
  };
}
