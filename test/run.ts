/**
 * The test runner: `node test/run.ts [unit|launcher|fuzz|e2e] [PART-OF-A-PATH] [-t PART-OF-A-NAME] [--times]`.
 *
 * Each file is a process of its own, as many side by side as there are processors (two at most); files named
 * `*.alone.test.ts` run after the others, one by one. One line a file; what failed is printed wholly. The closing
 * line is `N passed, N failed, N skipped`; with --counts FILE it is appended there as three numbers instead. --times
 * shows the tests that took longer than half a second.
 */
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { type FileResult, killAll, runFile } from './runner/run-file.ts';

interface ExpectedSkip {
  file: string;
  /** The test's name, or "*" for every test of the file. */
  test: string;
  /** The reason that the test gives begins so. */
  why: string;
}

const root = join(import.meta.dirname, '..');
/** Milliseconds. */
const SLOW_MS = 500;
/** In this order: what takes long first, and files of a few seconds last, so that both processors are busy to the end. */
const parts = ['e2e', 'fuzz', 'unit', 'launcher'];

function filesOf(part: string): string[] {
  const dir = join(root, 'test', part);
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => relative(root, join(dir, name)))
    .sort();
}

function unexpectedSkips(result: FileResult, expected: ExpectedSkip[]): string[] {
  return result.skips
    .filter(
      ({ name, why }) =>
        !expected.some(
          (e) => e.file === result.file && (e.test === '*' || e.test === name) && why.startsWith(e.why),
        ),
    )
    .map(({ name, why }) => `skipped, which test/expected-skips.json doesn't allow: ${name} (${why})`);
}

function report(result: FileResult, times: boolean): void {
  const seconds = `${(result.ms / 1000).toFixed(1)} s`.padStart(7);
  const skipped = result.skips.length > 0 ? `, ${result.skips.length} skipped` : '';
  const verdict = result.failures.length === 0 ? 'ok  ' : 'FAIL';
  console.log(`${verdict} ${seconds}  ${result.file}  (${result.passed} passed${skipped})`);
  for (const { name, why } of result.skips) console.log(`       skipped: ${name}: ${why}`);
  if (times)
    for (const { name, ms } of result.times)
      if (ms > SLOW_MS) console.log(`       ${`${(ms / 1000).toFixed(1)} s`.padStart(7)}  ${name}`);
  if (result.failures.length === 0) return;
  for (const failure of result.failures) console.log(`       ${failure}`);
  console.log(result.output.replace(/^/gm, '     | '));
}

async function main(args: string[]): Promise<number> {
  const words: string[] = [];
  let counts: string | undefined;
  let times = false;
  for (let i = 0; i < args.length; i++) {
    if (args[i] === '--counts') counts = args[++i];
    else if (args[i] === '-t') process.env.TEST_NAMES = args[++i] ?? '';
    else if (args[i] === '--times') times = true;
    else words.push(args[i]!);
  }
  const chosen = parts.filter((part) => words.includes(part));
  const patterns = words.filter((word) => !parts.includes(word));
  const files = (chosen.length > 0 ? chosen : parts)
    .flatMap(filesOf)
    .filter((file) => patterns.length === 0 || patterns.some((pattern) => file.includes(pattern)));

  if (files.length === 0 && patterns.length > 0) {
    console.error(`no test file's path contains ${patterns.join(' or ')}`);
    return 1;
  }
  // What several files compile, test/launcher/build.ts compiles once.
  const built = mkdtempSync(join(process.env.TSC_POD_TEST_TMP ?? tmpdir(), 'tsc-pod-built-'));
  process.env.TSC_POD_TEST_BUILD = built;
  process.once('exit', () => rmSync(built, { recursive: true, force: true }));
  const expected = JSON.parse(readFileSync(join(root, 'test/expected-skips.json'), 'utf8')) as ExpectedSkip[];
  const sum = { passed: 0, failed: 0, skipped: 0 };
  const work = async (queue: string[]) => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const result = await runFile(file, root);
      if (process.env.TEST_NAMES === undefined) {
        result.failures.push(...unexpectedSkips(result, expected));
        if (result.only) result.failures.push('test.only was left in the file');
      }
      report(result, times);
      sum.passed += result.passed;
      sum.failed += result.failures.length;
      sum.skipped += result.skips.length;
    }
  };
  const alone = (file: string) => file.endsWith('.alone.test.ts');
  const together = files.filter((file) => !alone(file));
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, () => work(together)));
  await work(files.filter(alone));

  if (counts !== undefined) appendFileSync(counts, `${sum.passed} ${sum.failed} ${sum.skipped}\n`);
  else console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
  return sum.failed === 0 && (sum.passed > 0 || sum.skipped > 0 || files.length === 0) ? 0 : 1;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    killAll();
    process.exit(130);
  });
}
process.exitCode = await main(process.argv.slice(2));
