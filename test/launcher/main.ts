/** Runs the files beside it, each in a process of its own: `main.ts [--counts FILE] [PART-OF-A-NAME...]`. */
import { appendFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killAll, runFile } from '../runner/run-file.ts';

const root = join(import.meta.dirname, '../..');

async function main(args: string[]): Promise<number> {
  const at = args.indexOf('--counts');
  const [, counts] = at < 0 ? [] : args.splice(at, 2);
  const files = readdirSync(import.meta.dirname)
    .filter(
      (name) => name.endsWith('.test.ts') && (args.length === 0 || args.some((part) => name.includes(part))),
    )
    .map((name) => join('test/launcher', name));
  const build = mkdtempSync(join(process.env.TSC_POD_TEST_TMP ?? tmpdir(), 'tsc-pod-launcher-'));
  process.env.TSC_POD_TEST_BUILD = build;
  process.once('exit', () => rmSync(build, { recursive: true, force: true }));
  const sum = { passed: 0, failed: 0, skipped: 0 };
  for (const file of files) {
    const result = await runFile(file, root);
    for (const { name, why } of result.skips) result.failures.push(`skipped: ${name}: ${why}`);
    const verdict = result.failures.length === 0 ? 'ok  ' : 'FAIL';
    const seconds = `${(result.ms / 1000).toFixed(1)} s`.padStart(7);
    console.log(`${verdict} ${seconds}  ${file}  (${result.passed} passed)`);
    for (const failure of result.failures) console.log(`       ${failure}`);
    if (result.failures.length > 0) console.log(result.output.replace(/^/gm, '     | '));
    sum.passed += result.passed;
    sum.failed += result.failures.length;
  }
  if (counts !== undefined) appendFileSync(counts, `${sum.passed} ${sum.failed} ${sum.skipped}\n`);
  else console.log(`${sum.passed} passed, ${sum.failed} failed`);
  return sum.failed === 0 && sum.passed > 0 ? 0 : 1;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    killAll();
    process.exit(130);
  });
}
process.exitCode = await main(process.argv.slice(2));
