import { Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { watchOutput } from '../../../../cli/output/streams.ts';
import { PodError } from '../../../../core/error.ts';

/** What watchOutput makes of writes that fail with an errno. */
async function failuresOf(code: string, writes = 1): Promise<unknown[]> {
  const stream = new Writable({
    autoDestroy: false,
    write: (_chunk, _encoding, done) => done(Object.assign(new Error(`write ${code}`), { code })),
  });
  const failures: unknown[] = [];
  watchOutput(stream, 'standard output', (error) => failures.push(error));
  for (let count = 0; count < writes; count++) {
    stream.write('x');
    await setImmediate();
  }
  return failures;
}

test('a disk that is full is told as such', async () => {
  const [error] = await failuresOf('ENOSPC');
  assert.instance(error, PodError);
  const { code, message, why } = error as PodError;
  assert.equal([code, message, why], ['no-space', 'cannot write to standard output', 'no space is left']);
});

test('any other failure is told with its reason', async () => {
  const [error] = await failuresOf('EIO');
  assert.equal([(error as PodError).code, (error as PodError).why], ['io', 'write EIO']);
});

test('a reader that went away is passed on as it is', async () => {
  const [error] = await failuresOf('EPIPE');
  assert.not(error instanceof PodError);
});

test('a stream that goes on failing is told once', async () => {
  assert.is((await failuresOf('EPIPE', 5)).length, 1);
});

test.run();
