import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Where this test file plays: a scratch directory under /dev/shm that the runner (or, without it, the end of this
 * process) sweeps. `data` is TSC_POD_ROOT, `run` XDG_RUNTIME_DIR, `home` HOME, `work` is free for the test.
 */
export interface Sandbox {
  dir: string;
  data: string;
  run: string;
  home: string;
  work: string;
}

function scratch(): string {
  const given = process.env.TSC_POD_TEST_DIR;
  if (given !== undefined) return given;
  const dir = mkdtempSync('/dev/shm/tsc-pod-test-');
  process.on('exit', () => {
    const code = `for (const line of await (await import(${JSON.stringify(join(import.meta.dirname, 'sweep.ts'))})).sweep(${JSON.stringify(dir)})) console.error(line)`;
    execFileSync(process.execPath, ['--input-type=module', '-e', code], { stdio: 'inherit' });
  });
  return dir;
}

function make(): Sandbox {
  const dir = scratch();
  const box = {
    dir,
    data: join(dir, 'data'),
    run: join(dir, 'run'),
    home: join(dir, 'home'),
    work: join(dir, 'work'),
  };
  for (const path of [box.data, box.run, box.home, box.work])
    mkdirSync(path, { recursive: true, mode: 0o700 });
  // What is said once in a store has been said: there is no systemd where most tests run.
  mkdirSync(join(box.data, 'told'), { recursive: true, mode: 0o700 });
  writeFileSync(join(box.data, 'told/restart-unit'), '');
  return box;
}

export const sandbox: Sandbox = make();

/** The binary under test: $TSC_POD_BIN, else dist/tsc-pod. */
export const binary: string = process.env.TSC_POD_BIN ?? join(import.meta.dirname, '../../../dist/tsc-pod');
if (!existsSync(binary)) throw new Error(`${binary} is missing: node scripts/build.ts`);

/** The whole environment of every command that a test starts: nothing of the caller's leaks in but PATH. */
export const environment: Record<string, string> = {
  PATH: process.env.PATH ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: sandbox.home,
  LANG: 'C.UTF-8',
  XDG_RUNTIME_DIR: sandbox.run,
  TSC_POD_ROOT: sandbox.data,
  TSC_POD_TEST: sandbox.dir,
  TMPDIR: sandbox.work,
};
