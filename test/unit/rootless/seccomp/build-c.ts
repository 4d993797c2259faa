import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { skip } from '../../../runner/skip.ts';

/** Builds a C program of this folder; the running test is skipped where that can't be. */
export function buildC(source: string, ...flags: string[]): string {
  const dir = mkdtempSync(join(tmpdir(), 'seccomp-test-'));
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
  const program = join(dir, source.replace(/\.c$/, ''));
  try {
    execFileSync('gcc', ['-O1', '-o', program, join(import.meta.dirname, source), ...flags], {
      stdio: 'pipe',
    });
  } catch {
    skip(`gcc can't build ${source} (gcc and libseccomp-dev are needed)`);
  }
  return program;
}
