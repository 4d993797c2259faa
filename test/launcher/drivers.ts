import { type SpawnSyncOptions, spawnSync } from 'node:child_process';
import { sanitizers } from './build.ts';

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a driver to its end; a finding of a sanitizer is a code and a stderr that no test expects. */
export function run(
  program: string,
  args: string[],
  input: string | Buffer = '',
  options: SpawnSyncOptions = {},
): Ran {
  const { status, stdout, stderr } = spawnSync(program, args, {
    ...options,
    input,
    env: { ...process.env, ...sanitizers },
  });
  return { code: status, stdout: stdout.toString(), stderr: stderr.toString() };
}
