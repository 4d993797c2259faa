/** gzip as layers are read, without its checksum: whatever zlib takes comes out the same, in pieces of any size. */
import { gunzipSync } from 'node:zlib';
import * as assert from 'uvu/assert';
import { decompress } from '../../core/archive/decompress.ts';
import { PodError } from '../../core/error.ts';
import { random } from './chance.ts';
import type { Target } from './guided.ts';
import { mutate } from './tar-mutations.ts';

function byZlib(input: Buffer): Buffer | undefined {
  try {
    return gunzipSync(input, { maxOutputLength: 64 << 20 });
  } catch {
    return undefined;
  }
}

async function asLayer(input: Buffer): Promise<Buffer | undefined> {
  const chance = random(input.length);
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let at = 0, length = 0; at < input.length; at += length) {
      length = 1 + chance(300);
      yield input.subarray(at, at + length);
    }
  }
  const parts: Buffer[] = [];
  try {
    for await (const chunk of decompress(pieces(), undefined, { turns: 3, unchecked: true }))
      parts.push(Buffer.from(chunk));
  } catch (error) {
    if (error instanceof PodError && (error.code === 'invalid' || error.code === 'unsupported'))
      return undefined;
    throw error;
  }
  return Buffer.concat(parts);
}

export const gzip: Target = {
  name: 'gzip',
  mutate,
  async run(input) {
    const read = await asLayer(input);
    const expected = input[0] === 0x1f && input[1] === 0x8b ? byZlib(input) : undefined;
    if (expected !== undefined) assert.ok(read?.equals(expected));
  },
};
