import { watch } from 'node:fs';
import { basename } from 'node:path';
import { eventsFile } from '../events.ts';
import type { Paths } from '../paths.ts';

/** Where there is no inotify instance left. */
const WITHOUT_INOTIFY_MS = 200;

export interface LogWatch {
  /** Resolves when the log has changed since it was asked last. */
  changed(): Promise<void>;
  close(): void;
}

/** Watches the log's folder: the files in it come and go. */
export function watchEventLog(paths: Pick<Paths, 'data'>): LogWatch {
  const name = basename(eventsFile(paths));
  let pending = false;
  let wake: (() => void) | undefined;
  const notify = () => {
    pending = true;
    wake?.();
  };
  let timer: NodeJS.Timeout | undefined;
  const fallBack = () => {
    timer ??= setInterval(notify, WITHOUT_INOTIFY_MS);
  };
  let watcher: ReturnType<typeof watch> | undefined;
  try {
    watcher = watch(paths.data, (_kind, file) => {
      if (file === null || file.startsWith(name)) notify();
    });
    watcher.on('error', fallBack);
  } catch {
    fallBack();
  }
  return {
    changed: async () => {
      if (!pending) await new Promise<void>((resolve) => (wake = resolve));
      pending = false;
      wake = undefined;
    },
    close: () => {
      watcher?.close();
      clearInterval(timer);
    },
  };
}
