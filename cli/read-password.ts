import type { Readable } from 'node:stream';
import { PodError } from '../core/error.ts';

const LIMIT = 1 << 20;

/** All of standard input, without the newline at its end. */
export async function readPassword(stdin: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stdin) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > LIMIT)
      throw new PodError({ code: 'usage', message: 'the password is longer than a mebibyte' });
    chunks.push(bytes);
  }
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}
