/** A file from the web, for a context or ADD. */

import { createHash } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { PodError } from '../../error.ts';
import { randomBytes } from '../../random.ts';
import { describeAddress, fetchAddress } from '../../registry/fetch-address.ts';
import { writeBytes } from '../../write-file.ts';
import type { ContextEnvironment } from './open-context.ts';

export interface Download {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** "sha256:…" of it. */
  readonly digest: string;
  /** What it is called: of Content-Disposition, else the last name of the address; undefined: neither has one. */
  readonly name: string | undefined;
  /** Seconds, of Last-Modified. */
  readonly modified: number | undefined;
}

/** More than any archive that people build from: a server that sends for ever must not fill the disk first. */
const MOST_BYTES = 2 ** 36;

/** Into a file in the environment's directory. Errors: PodError `network`, `not-found`, `no-space`, `invalid` (too large). */
export async function download(address: string, environment: ContextEnvironment): Promise<Download> {
  const { signal, progress } = environment;
  const what = describeAddress(address);
  const answer = await fetchAddress(address, { env: environment.environment, signal });
  const path = join(environment.directory, `download-${randomBytes(8).toString('hex')}`);
  const file = openSync(path, 'wx', 0o600);
  const hash = createHash('sha256');
  let size = 0;
  try {
    for await (const chunk of answer.bytes) {
      if (size + chunk.length > MOST_BYTES)
        throw new PodError({
          code: 'invalid',
          message: `cannot fetch ${what}`,
          why: `it has more than ${MOST_BYTES} bytes`,
        });
      writeBytes(file, path, chunk);
      hash.update(chunk);
      size += chunk.length;
      progress?.(what, size, answer.size ?? 0, false);
    }
  } finally {
    closeSync(file);
  }
  progress?.(what, size, size, true);
  const modified = Date.parse(answer.headers['last-modified'] ?? '');
  return {
    path,
    size,
    digest: `sha256:${hash.digest('hex')}`,
    name: dispositionName(answer.headers['content-disposition']) ?? lastName(new URL(address)),
    modified: Number.isNaN(modified) ? undefined : Math.floor(modified / 1000),
  };
}

/** A name without a directory; undefined for what is none. */
function plain(name: string): string | undefined {
  return name === '' || name === '.' || name === '..' || /[/\0]/.test(name) ? undefined : name;
}

/** RFC 6266; `filename*` is rare, and left to the address. */
function dispositionName(header: string | undefined): string | undefined {
  const found = /;\s*filename="((?:[^"\\]|\\.)*)"|;\s*filename=([^\s;"]+)/i.exec(header ?? '');
  return found ? plain(found[2] ?? found[1]!.replace(/\\(.)/g, '$1')) : undefined;
}

function lastName(url: URL): string | undefined {
  const name = url.pathname.slice(url.pathname.lastIndexOf('/') + 1);
  try {
    return plain(decodeURIComponent(name));
  } catch {
    return plain(name);
  }
}
