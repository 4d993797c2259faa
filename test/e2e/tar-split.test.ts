/** A layer that containers/storage keeps unpacked becomes its tar again. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as assert from 'uvu/assert';
import { joinTar } from '../../core/images/transports/tar-split.ts';
import { eventually, sandbox, tarOf, test } from './harness/index.ts';
import { processesOf } from './harness/sweep.ts';
import { namespace } from './unpack-lab.ts';

test('who takes its time gets all of it, though those who read the files have ended', async () => {
  const directory = join(sandbox.work, 'layer');
  const split = join(sandbox.work, 'layer.tar-split.gz');
  const tar = tarOf([{ name: 'f', content: 'hello' }]);
  const bytes = (from: number, to?: number) => ({
    type: 2,
    payload: tar.subarray(from, to).toString('base64'),
  });
  const pieces = [bytes(0, 512), { type: 1, name: 'f', size: 5 }, bytes(517)];
  mkdirSync(directory);
  writeFileSync(join(directory, 'f'), 'hello');
  writeFileSync(split, gzipSync(pieces.map((piece) => `${JSON.stringify(piece)}\n`).join('')));
  const joined = joinTar({ directory, split }, namespace);
  const parts = [(await joined.next()).value as Buffer];
  // Spawned before the first piece came; they may have ended already.
  const readers = processesOf(directory).map(({ pid }) => pid);
  await eventually(() => readers.every((pid) => !existsSync(`/proc/${pid}`)));
  for await (const part of joined) parts.push(part);
  assert.ok(Buffer.concat(parts).equals(tar));
});

test.run();
