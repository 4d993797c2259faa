import { PodError } from '../../error.ts';

/** Those that belong to a namespace of the container's: the others would change the host. runc's validator has the same. */
const IPC = new Set([
  'kernel.msgmax',
  'kernel.msgmnb',
  'kernel.msgmni',
  'kernel.sem',
  'kernel.shmall',
  'kernel.shmmax',
  'kernel.shmmni',
  'kernel.shm_rmid_forced',
]);

/** `KEY=VALUE` words of --sysctl. */
export function parseSysctls(words: readonly string[]): Record<string, string> {
  const result: Record<string, string> = {};
  for (const word of words) {
    const equals = word.indexOf('=');
    const key = word.slice(0, Math.max(equals, 0)).replaceAll('/', '.');
    if (equals <= 0 || !/^[\w.-]+$/.test(key))
      throw new PodError({
        code: 'usage',
        message: `cannot use --sysctl ${word}`,
        why: 'it is not KEY=VALUE',
      });
    if (!key.startsWith('net.') && !key.startsWith('fs.mqueue.') && !IPC.has(key)) {
      throw new PodError({
        code: 'unsupported',
        message: `cannot set the sysctl ${key}`,
        why: 'it belongs to the host, not to the container',
        hint: `sudo sysctl ${word}   # for the whole host`,
      });
    }
    result[key] = word.slice(equals + 1);
  }
  return result;
}
