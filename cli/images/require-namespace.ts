import { PodError } from '../../core/error.ts';

/** A user may mount in a namespace only, and one that outlives the command: as for podman, that is the user's to make. */
export function requireNamespace(command: string): void {
  if (process.getuid?.() === 0) return;
  throw new PodError({
    code: 'unsupported',
    message: `cannot run "tsc-pod ${command}" as a user without root`,
    why: 'what it mounts would be gone when it ends',
    hint: `tsc-pod unshare sh   # and in there: tsc-pod ${command} …`,
  });
}
