/** A heredoc of COPY or ADD: a file whose content is in the Dockerfile. */

import type { Hash } from 'node:crypto';
import { NO_XATTRS } from '../../archive/tar-entry.ts';
import type { Heredoc } from '../dockerfile/dockerfile.ts';
import type { SelectedSource } from './selection.ts';

/** The content is what it is to be: expanded, and without tabs where `<<-` asks for that. */
export function inlineSource({ name, content }: Heredoc, hash: Hash): SelectedSource {
  const bytes = Buffer.from(content);
  hash.update(`inline ${JSON.stringify(name)} ${bytes.length}\n`).update(bytes);
  const now = Date.now();
  return {
    label: `<<${name}`,
    directory: false,
    name: Buffer.from(name).toString('latin1'),
    read: async (sink, drain) => {
      sink.entry({
        path: '',
        type: 'file',
        linkTarget: '',
        size: bytes.length,
        mode: 0o644,
        uid: 0,
        gid: 0,
        mtime: { seconds: Math.floor(now / 1000), nanoseconds: (now % 1000) * 1_000_000 },
        major: 0,
        minor: 0,
        xattrs: NO_XATTRS,
      });
      sink.data(bytes);
      await drain();
    },
  };
}
