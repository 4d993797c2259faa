/**
 * Spoiled archives: the parser reads them or says why not with a PodError, in the same way however they are cut, in
 * little time; what it reads becomes operations within the limits of rootless/file-ops.ts. FUZZ_SECONDS (10) and
 * FUZZ_SEED (the day's) steer it. Inputs that showed a new behaviour are kept as seeds for the rest of the run.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { layerOps } from '../../core/archive/layer-ops.ts';
import { createTarParser } from '../../core/archive/tar-parser.ts';
import { zstdFrames } from '../../core/archive/zstd-frames.ts';
import { PodError } from '../../core/error.ts';
import { encodeFileOps, MAX_PATH_BYTES } from '../../rootless/file-ops.ts';
import { mutate, type Random, random, seeds } from './tar-mutations.ts';

const milliseconds = Number(process.env.FUZZ_SECONDS ?? 10) * 1000;
const seed = Number(process.env.FUZZ_SEED ?? Math.floor(Date.now() / 86_400_000));
const found = join(import.meta.dirname, 'tar-corpus');
const corpus = existsSync(found) ? readdirSync(found).map((name) => readFileSync(join(found, name))) : [];

/** Reads an archive in pieces; gives what was read as text, ending in the error if there was one. */
function reading(bytes: Buffer, piece: () => number): string {
  const log: string[] = [];
  let left = 0;
  const parser = createTarParser({
    entry: (entry) => {
      assert.is(left, 0, 'a file is shorter than its size');
      left = entry.size;
      log.push(
        `${entry.type} ${entry.path} ${entry.linkTarget} ${entry.size} ${entry.uid} ${entry.mtime.seconds}`,
      );
      assert.ok(entry.path.length <= MAX_PATH_BYTES && entry.linkTarget.length <= MAX_PATH_BYTES);
      assert.ok(Number.isSafeInteger(entry.size) && entry.size >= 0);
    },
    data: (data) => {
      left -= data.length;
    },
    hole: (length) => {
      assert.ok(length > 0);
      left -= length;
    },
  });
  try {
    for (let at = 0; at < bytes.length; ) {
      const length = piece();
      parser.write(bytes.subarray(at, at + length));
      at += length;
    }
    parser.end();
    assert.is(left, 0);
  } catch (error) {
    if (!(error instanceof PodError) || error.code !== 'invalid') throw error;
    log.push(`refused: ${error.why}`);
  }
  return log.join('\n');
}

/** The whole way to operations; refusals are fine, anything else is thrown. */
function applying(bytes: Buffer): void {
  const ops = encodeFileOps();
  const layer = layerOps(ops);
  const parser = createTarParser(layer);
  try {
    parser.write(bytes);
    parser.end();
    layer.finish();
  } catch (error) {
    if (!(error instanceof PodError) || error.code !== 'invalid') throw error;
  }
  checkOps(Buffer.concat(ops.take()));
}

function checkOps(bytes: Buffer): void {
  for (let at = 8; at < bytes.length; ) {
    const [path, body] = [bytes.readUInt16LE(at + 2), bytes.readUInt32LE(at + 4)];
    const op = String.fromCharCode(bytes[at] as number);
    assert.match('dflhnDHxwotse', op);
    assert.ok(path <= MAX_PATH_BYTES && (op === 'D' || body <= 65536), `${op} of ${path} and ${body} bytes`);
    const name = bytes.toString('latin1', at + 8, at + 8 + path);
    assert.not.match(name, /\0|^\/|(?:^|\/)\.{0,2}(?:\/|$)./, JSON.stringify(name));
    at += 8 + path + body;
  }
}

/** What is new about a reading: its shape without names and numbers. */
function shape(text: string): string {
  return text
    .replace(/^(\w+) .*/gm, '$1')
    .replace(/\d+/g, '0')
    .replace(/\(entry.*/, '');
}

test(`spoiled archives are read or refused, with seed ${seed}`, () => {
  const chance: Random = random(seed);
  const pool = [...seeds, ...corpus];
  const shapes = new Set<string>();
  const end = Date.now() + milliseconds;
  let runs = 0;
  for (; Date.now() < end; runs++) {
    const input =
      runs < pool.length ? (pool[runs] as Buffer) : mutate(pool[chance(pool.length)] as Buffer, pool, chance);
    const began = performance.now();
    try {
      const whole = reading(input, () => input.length || 1);
      assert.is(
        reading(input, () => 1 + chance(1000)),
        whole,
      );
      applying(input);
      const kind = shape(whole);
      if (!shapes.has(kind) && pool.length < 2000) pool.push(input);
      shapes.add(kind);
    } catch (error) {
      console.error(`seed ${seed}, run ${runs}: ${input.toString('base64')}`);
      throw error;
    }
    assert.ok(performance.now() - began < 2000, `run ${runs} took too long: ${input.toString('base64')}`);
  }
  assert.ok(shapes.size > 20, `${shapes.size} behaviours seen`);
  console.log(`${runs} archives, ${shapes.size} behaviours`);
});

test('spoiled frames of zstd are passed on or refused', async () => {
  const { zstdCompressSync } = await import('node:zlib');
  const chance = random(seed);
  const skippable = Buffer.from('502a4d180300000061626328b52ffd', 'hex').subarray(0, 11);
  const frames = ['', 'a', 'abc'.repeat(5000), '\0'.repeat(300_000)].map((text) =>
    zstdCompressSync(Buffer.from(text)),
  );
  const pool = [...frames, Buffer.concat([skippable, ...frames, skippable])];
  const end = Date.now() + milliseconds / 5;
  while (Date.now() < end) {
    const input = mutate(pool[chance(pool.length)] as Buffer, pool, chance);
    async function* pieces(): AsyncGenerator<Uint8Array> {
      for (let at = 0, length = 0; at < input.length; at += length) {
        length = 1 + chance(200);
        yield input.subarray(at, at + length);
      }
    }
    let length = 0;
    try {
      for await (const slice of zstdFrames(pieces())) length += slice.length;
    } catch (error) {
      if (!(error instanceof PodError) || error.code !== 'invalid') throw error;
    }
    assert.ok(length <= input.length);
  }
});

test.run();
