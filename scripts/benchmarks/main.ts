/** `node scripts/benchmarks/main.ts [--list] [--quick] [--json FILE] [ROW...]`; scripts/bench starts it as the account. */
import { writeFileSync } from 'node:fs';
import { finish, knows, prepare } from './peers.ts';
import { type Measured, measure, type Row, rows } from './rows.ts';

const columns = [50, 11, 11, 11, 8, 8];

function line(cells: string[]): string {
  return cells
    .map((cell, at) => (at === 0 ? cell.padEnd(columns[at]!) : cell.padStart(columns[at]!)))
    .join(' ');
}

function amount(value: number | undefined, unit: Measured['unit']): string {
  if (value === undefined) return '';
  if (unit === 's') return value < 1 ? `${(value * 1000).toFixed(1)} ms` : `${value.toFixed(2)} s`;
  return unit === 'MB' ? `${value.toFixed(2)} MB` : `${value.toFixed(0)} MB/s`;
}

function verdict(row: Row, measured: Measured): { ratio: number; met: boolean } {
  const ratio = measured.pod / (row.against === 'floor' ? measured.floor! : measured.podman);
  return { ratio, met: measured.unit === 'MB/s' ? ratio >= row.budget : ratio <= row.budget };
}

async function main(args: string[]): Promise<number> {
  const words = [...args];
  const take = (flag: string) => {
    const at = words.indexOf(flag);
    if (at >= 0) words.splice(at, 1);
    return at;
  };
  if (take('--list') >= 0) {
    for (const row of rows) console.log(line([row.name, '']).trim().padEnd(18), row.work);
    return 0;
  }
  const runs = take('--quick') >= 0 ? 5 : 20;
  const jsonAt = take('--json');
  const json = jsonAt >= 0 ? words.splice(jsonAt, 1)[0] : undefined;
  const unknown = words.filter((word) => !rows.some((row) => row.name === word));
  if (unknown.length > 0) {
    console.error(`no such row: ${unknown.join(', ')} (scripts/bench --list)`);
    return 2;
  }

  const peers = await prepare();
  const context = { ...peers, runs };
  const results: object[] = [];
  console.log(line(['work', 'podman', 'tsc-pod', 'no tool', 'ratio', 'budget']));
  try {
    for (const row of rows.filter(({ name }) => words.length === 0 || words.includes(name))) {
      if (!(await knows(row.needs))) {
        console.log(`${row.work.padEnd(columns[0]!)} tsc-pod has no "${row.needs}" yet`);
        continue;
      }
      try {
        const measured = await measure(row, context);
        const { ratio, met } = verdict(row, measured);
        const { podman, pod, floor, unit } = measured;
        const sign = `${unit === 'MB/s' ? '>=' : '<='}${row.budget}`;
        const cells = [amount(podman, unit), amount(pod, unit), amount(floor, unit), ratio.toFixed(2), sign];
        console.log(`${line([row.work, ...cells])}  ${met ? 'met' : 'NOT MET'}`);
        results.push({ row: row.name, ...measured, ratio, budget: row.budget, met });
      } catch (error) {
        console.log(
          `${row.work.padEnd(columns[0]!)} failed: ${error instanceof Error ? error.message : String(error)}`,
        );
        results.push({ row: row.name, failed: String(error) });
      }
    }
  } finally {
    await finish(peers);
  }
  if (json !== undefined) writeFileSync(json, JSON.stringify(results, null, 2));
  return 0;
}

process.exitCode = await main(process.argv.slice(2));
