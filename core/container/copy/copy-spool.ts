import { closeSync, createReadStream, mkdirSync, openSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { ApplyJob } from '../../images/unpack/apply-job.ts';
import type { Paths } from '../../paths.ts';
import { writeBytes } from '../../write-file.ts';

/**
 * An apply job that begins when all of its operations are there; until then they are in a file that has no name any
 * more. For a copy within one container: only one job at a time may have the files of a stopped one, and a directory
 * that is copied into itself isn't read again.
 */
export function spooledApply(paths: Paths, start: () => ApplyJob): ApplyJob {
  mkdirSync(paths.trash, { recursive: true, mode: 0o700 });
  const file = join(paths.trash, `.copy.${process.pid}`);
  const spool = openSync(file, 'wx+', 0o600);
  unlinkSync(file);
  let job: ApplyJob | undefined;
  let open = true;
  const close = () => {
    if (open) closeSync(spool);
    open = false;
  };
  const { promise: done, resolve, reject } = Promise.withResolvers<string[]>();
  done.catch(() => {}); // looked at later
  const pass = async () => {
    try {
      job = start();
      const stored = createReadStream('', { fd: spool, start: 0, autoClose: false, highWaterMark: 1 << 20 });
      for await (const piece of stored) await job.send([piece]);
      job.end();
      resolve(await job.done);
    } catch (error) {
      reject(error);
    } finally {
      close();
    }
  };
  return {
    send: async (pieces) => {
      for (const piece of pieces) writeBytes(spool, paths.trash, piece);
    },
    end: () => void pass(),
    kill: () => {
      if (job) return job.kill();
      close();
      resolve([]);
    },
    done,
  };
}
