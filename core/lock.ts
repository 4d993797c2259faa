import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { spawnLauncher } from '../rootless/launcher.ts';
import { PodError } from './error.ts';
import { launcherPath } from './launcher.ts';

/**
 * Runs `work` while this process holds the lock `file`; others wait. The kernel frees the lock with its holder
 * (flock(2), held by a launcher that ends with this process's pipe), so a killed process never leaves one behind.
 * Not for work that waits for the network or for a person.
 */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const holder = spawnLauncher(launcherPath(), 'lock', [['lock', file]], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let said = '';
  holder.stderr!.on('data', (text) => {
    said += text;
  });
  const ended = new Promise<void>((resolve) => {
    holder.once('close', () => resolve());
    holder.once('error', (error) => {
      said = error.message;
      resolve();
    });
  });
  try {
    const [word] = await Promise.race([once(holder.stdout!, 'data'), ended.then(() => [undefined])]);
    if (word === undefined) {
      const why = said.trim().replace(/^Error: /, '') || 'the launcher ended';
      throw new PodError({ code: 'io', message: `cannot lock ${file}`, why });
    }
    return await work();
  } finally {
    holder.stdin!.on('error', () => {}).end();
    await ended;
  }
}
