import { PassThrough, type Readable } from 'node:stream';

/**
 * What a child writes, for whoever doesn't read it from the moment on that it is started: when a child ends, Node throws
 * away what nobody has begun to read (flushStdio in lib/internal/child_process.js).
 */
export function keptOutput(stdout: Readable): Readable {
  return stdout.pipe(new PassThrough());
}
