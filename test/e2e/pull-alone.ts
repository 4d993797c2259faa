/** A pull in a process of its own, for tests that kill it or give it a disk of its own: PULL into PULL_ROOT. */
import { PodError } from '../../core/error.ts';
import { findPaths } from '../../core/paths.ts';
import { env, pull } from './pull-lab.ts';

try {
  await pull(findPaths(env, process.env.PULL_ROOT), process.env.PULL ?? '');
} catch (error) {
  const cause = error instanceof Error ? error.cause : undefined;
  if (!(cause instanceof PodError)) throw error;
  process.stdout.write(`${cause.code}: ${cause.message}: ${cause.why}\n`);
  process.exitCode = 1;
}
