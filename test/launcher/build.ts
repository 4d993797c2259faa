/**
 * Builds parts of the launcher with AddressSanitizer and UndefinedBehaviorSanitizer, by gcc against glibc. A driver
 * (drivers/NAME.c) is a main() around a few of the launcher's files; `launcher` is all of it.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const here = import.meta.dirname;
export const nativeSource = join(here, '../../rootless/native');

const FLAGS = [
  '-std=c17',
  '-g',
  '-O1',
  '-fsanitize=address,undefined',
  '-fno-sanitize-recover=all',
  '-Wall',
  '-Wextra',
];

let directory: string | undefined;

/** A directory of this process, removed with it. */
export function scratch(): string {
  if (directory === undefined) {
    const made = mkdtempSync(join(process.env.TSC_POD_TEST_DIR ?? tmpdir(), 'launcher-'));
    directory = made;
    process.once('exit', () => rmSync(made, { recursive: true, force: true }));
  }
  return directory;
}

/** Once, where several ask for the same output at once. */
function compile(output: string, files: string[], compiler = 'gcc', flags = FLAGS): string {
  const once = 'test -e "$0" || { "$@" -o "$0.new" && mv "$0.new" "$0"; }';
  const command = [compiler, ...flags, '-I', nativeSource, ...files];
  execFileSync('flock', [`${output}.lock`, 'sh', '-c', once, output, ...command], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return output;
}

/** drivers/NAME.c with these files of the launcher's. */
export function buildDriver(name: string, native: string[], compiler = 'gcc', flags = FLAGS): string {
  const files = [join(here, 'drivers', `${name}.c`), ...native.map((file) => join(nativeSource, file))];
  return compile(join(mkdtempSync(join(scratch(), 'driver-')), name), files, compiler, flags);
}

/** All of it: compiled once for all files of tests that run together ($TSC_POD_TEST_BUILD, test/run.ts). */
export function buildLauncher(): string {
  const files = readdirSync(nativeSource).filter((name) => name.endsWith('.c'));
  return compile(
    join(process.env.TSC_POD_TEST_BUILD ?? scratch(), 'launcher'),
    files.map((file) => join(nativeSource, file)),
  );
}

/** What the sanitizers need to work where a process can't be traced. */
export const sanitizers = { ASAN_OPTIONS: 'detect_leaks=0', UBSAN_OPTIONS: 'print_stacktrace=1' };
