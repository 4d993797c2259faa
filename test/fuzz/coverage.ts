/** Which blocks of our own source ran, as V8 counts them: what guides the fuzzers. */
import { Session } from 'node:inspector';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

interface Report {
  result: {
    url: string;
    functions: { ranges: { startOffset: number; endOffset: number; count: number }[] }[];
  }[];
}

export interface Coverage {
  /** The blocks that ran since the last call. */
  take(): Set<string>;
  stop(): void;
}

const root = pathToFileURL(join(import.meta.dirname, '../..')).href;
const OURS = new RegExp(`^${root}/(?:core|rootless|netns|cli)/`);

export function openCoverage(): Coverage {
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  return {
    take() {
      const blocks = new Set<string>();
      // The callback is called before post returns.
      session.post('Profiler.takePreciseCoverage', (error, report) => {
        if (error) throw error;
        for (const { url, functions } of (report as Report).result) {
          if (!OURS.test(url)) continue;
          for (const { ranges } of functions)
            for (const { startOffset, endOffset, count } of ranges)
              if (count > 0) blocks.add(`${url.slice(root.length)}:${startOffset}-${endOffset}`);
        }
      });
      return blocks;
    },
    stop: () => session.disconnect(),
  };
}
