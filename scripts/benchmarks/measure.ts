import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { command, environmentWith } from '../../test/e2e/harness/pod.ts';
import { sandbox } from '../../test/e2e/harness/sandbox.ts';

export interface Timed {
  /** What hyperfine runs; no shell but what it names. */
  run: string[];
  /** Before each run, not timed; may fail. */
  prepare?: string[];
}

const quote = (argv: string[]) => argv.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');

/** Median seconds of each command. hyperfine gets all of them in one call, so that they meet the same machine. */
export async function medians(work: Timed[], runs: number): Promise<number[]> {
  const report = join(sandbox.work, 'hyperfine.json');
  const anyPrepare = work.some(({ prepare }) => prepare !== undefined);
  const argv = [
    'hyperfine',
    '-N',
    '--style',
    'none',
    '--warmup',
    '2',
    '--runs',
    String(runs),
    '--export-json',
    report,
  ];
  for (const { prepare } of work) {
    if (anyPrepare)
      argv.push('--prepare', `sh -c ${quote([`${quote(prepare ?? ['true'])} >/dev/null 2>&1; true`])}`);
  }
  argv.push(...work.map(({ run }) => quote(run)));
  const ran = await command(argv, { timeout: 600_000 });
  if (ran.code !== 0) throw new Error(`hyperfine: ${ran.stderr}${ran.stdout}`);
  const { results } = JSON.parse(readFileSync(report, 'utf8')) as { results: { median: number }[] };
  return results.map(({ median }) => median);
}

/** Median seconds of a shell line (a pipe). It has to print what is expected. */
export async function seconds(line: string, runs: number, prints?: string): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < runs; i++) {
    const begin = performance.now();
    const ran = await command(['sh', '-c', line], { timeout: 300_000 });
    times.push((performance.now() - begin) / 1000);
    if (ran.code !== 0 || (prints !== undefined && ran.stdout.trim() !== prints))
      throw new Error(`${line}: ${JSON.stringify(ran)}`);
  }
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)]!;
}

/** Seconds until `count` commands that start at once have all ended well. */
export async function atOnce(argv: string[], count: number): Promise<number> {
  const begin = performance.now();
  const one = () =>
    new Promise<void>((resolve, reject) => {
      const child = spawn(argv[0]!, argv.slice(1), {
        env: environmentWith(),
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let said = '';
      child.stderr.on('data', (text) => {
        said += text;
      });
      child.on('close', (code) =>
        code === 0 ? resolve() : reject(new Error(`${argv.join(' ')}: ${code} ${said}`)),
      );
    });
  await Promise.all(Array.from({ length: count }, one));
  return (performance.now() - begin) / 1000;
}
