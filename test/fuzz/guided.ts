/**
 * A fuzzer that is guided by coverage: inputs that run a block of our source which none before them ran are kept and
 * spoiled further. What it begins with is in corpus/NAME; with FUZZ_KEEP=1 what adds to that is written there.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fuzzSeconds, oneOf, random, seed } from './chance.ts';
import { type Coverage, openCoverage } from './coverage.ts';
import type { Mutate } from './text-mutations.ts';

export interface Target {
  /** Names its corpus. */
  readonly name: string;
  /** Takes any bytes. Throws what is a bug: what the input itself may cause is caught inside. */
  run(input: Buffer): void | Promise<void>;
  readonly mutate: Mutate;
}

export interface Outcome {
  runs: number;
  blocks: number;
  kept: number;
}

/** An input may take so many milliseconds of this process, whatever else the machine does. */
const SLOW = 3000;
const MOST_KEPT = 5000;
const LARGEST_STORED = 4096;

export function corpusOf(name: string): Buffer[] {
  const folder = join(import.meta.dirname, 'corpus', name);
  return readdirSync(folder)
    .sort()
    .map((file) => readFileSync(join(folder, file)));
}

/** Runs for FUZZ_SECONDS (else 2): the corpus first. Throws at the first bug, with the input and the seed. */
export async function fuzz(target: Target): Promise<Outcome> {
  const chance = random(seed);
  const corpus = corpusOf(target.name);
  const end = Date.now() + fuzzSeconds(2) * 1000;
  const coverage = openCoverage();
  try {
    const known = new Set<string>();
    const pool: Buffer[] = [];
    for (const input of corpus) if (await isNews(target, [input], coverage, known)) pool.push(input);
    const given = pool.length;
    let runs = corpus.length;
    // To ask for the coverage takes longer than to run: it is asked for many at once, more while there is no news.
    for (let batch = 1; Date.now() < end; ) {
      const inputs = Array.from({ length: batch }, () => target.mutate(oneOf(pool, chance), pool, chance));
      runs += inputs.length;
      if (!(await isNews(target, inputs, coverage, new Set(known)))) {
        batch = Math.min(batch * 2, 256);
        continue;
      }
      for (const input of inputs)
        if ((await isNews(target, [input], coverage, known)) && pool.length < MOST_KEPT) pool.push(input);
      batch = Math.max(1, batch >> 2);
    }
    if (process.env.FUZZ_KEEP) await store(target, pool, given, coverage);
    return { runs, blocks: known.size, kept: pool.length - given };
  } finally {
    coverage.stop();
  }
}

/** Whether the inputs ran what isn't in `known`; it is put there. */
async function isNews(
  target: Target,
  inputs: readonly Buffer[],
  coverage: Coverage,
  known: Set<string>,
): Promise<boolean> {
  coverage.take();
  for (const input of inputs) await once(target, input);
  const before = known.size;
  for (const block of coverage.take()) known.add(block);
  return known.size > before;
}

async function once(target: Target, input: Buffer): Promise<void> {
  const began = process.cpuUsage();
  try {
    await target.run(input);
  } catch (cause) {
    const message = `${target.name}, seed ${seed}, input (base64) ${input.toString('base64')}\n${(cause as Error).stack}`;
    throw new Error(message, { cause });
  }
  const { user, system } = process.cpuUsage(began);
  const took = (user + system) / 1000;
  if (took > SLOW) throw new Error(`${target.name} took ${took} ms for ${input.toString('base64')}`);
}

/** Of what was found, the smallest first, what still adds something to what was given. */
async function store(
  target: Target,
  pool: readonly Buffer[],
  given: number,
  coverage: Coverage,
): Promise<void> {
  const known = new Set<string>();
  for (const input of pool.slice(0, given)) await isNews(target, [input], coverage, known);
  const folder = join(import.meta.dirname, 'corpus', target.name);
  mkdirSync(folder, { recursive: true });
  for (const input of pool.slice(given).sort((a, b) => a.length - b.length)) {
    if (input.length > LARGEST_STORED || !(await isNews(target, [input], coverage, known))) continue;
    writeFileSync(join(folder, createHash('sha256').update(input).digest('hex').slice(0, 12)), input);
  }
}
