import { writeSync } from 'node:fs';
import { Writable } from 'node:stream';
import { errnoOf } from '../../core/error.ts';
import { isTerminalAt } from './terminal-at.ts';

/** A moment in which a reader may take something from a full pipe. */
const PAUSE_MS = 2;

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(fd, bytes, done);
    } catch (error) {
      // Somebody else has made the pipe non-blocking for all who share it.
      if (errnoOf(error) !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
    }
  }
}

/** A stream that has written when `write` returns, and leaves the descriptor's flags alone. */
function plainStream(fd: number): Writable {
  return new Writable({
    decodeStrings: true,
    write(chunk: Uint8Array, _encoding, done) {
      try {
        writeAll(fd, chunk);
        done();
      } catch (error) {
        done(error as Error);
      }
    },
  });
}

export interface StandardStreams {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: Writable;
  readonly stderr: Writable;
}

/**
 * The process's streams, made when they are asked for. Node's own would set O_NONBLOCK on a pipe, which the launcher
 * that takes this process's place, and the container after it, share. `watch` sees each output once it is made.
 * `descriptor`: where they write instead.
 */
export function standardStreams(
  watch: (stream: Writable, name: 'standard output' | 'standard error') => void,
  descriptor: (output: 1 | 2) => number = (output) => output,
): StandardStreams {
  const made = new Map<number, Writable>();
  const output = (which: 1 | 2): Writable => {
    let stream = made.get(which);
    if (!stream) {
      const fd = descriptor(which);
      stream = isTerminalAt(fd) ? (fd === 1 ? process.stdout : process.stderr) : plainStream(fd);
      made.set(which, stream);
      watch(stream, which === 1 ? 'standard output' : 'standard error');
    }
    return stream;
  };
  return {
    get stdin() {
      return process.stdin;
    },
    get stdout() {
      return output(1);
    },
    get stderr() {
      return output(2);
    },
  };
}
