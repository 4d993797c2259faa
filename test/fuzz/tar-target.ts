/**
 * The tar parser reads an archive or says why not, in the same way however it is cut; what it reads becomes operations
 * within the limits of rootless/file-ops.ts.
 */
import * as assert from 'uvu/assert';
import { layerOps } from '../../core/archive/layer-ops.ts';
import { createTarParser } from '../../core/archive/tar-parser.ts';
import { PodError } from '../../core/error.ts';
import { encodeFileOps, MAX_PATH_BYTES } from '../../rootless/file-ops.ts';
import { random } from './chance.ts';
import type { Target } from './guided.ts';
import { mutate } from './tar-mutations.ts';

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

export const tar: Target = {
  name: 'tar',
  mutate,
  run(input) {
    const whole = reading(input, () => input.length || 1);
    const chance = random(input.length); // the same for the same input
    assert.is(
      reading(input, () => 1 + chance(1000)),
      whole,
    );
    applying(input);
  },
};
