/**
 * What an end-to-end test imports:
 *
 *   import * as assert from 'uvu/assert';
 *   import { pod, test } from './harness/index.ts';
 *
 *   test('run gives the exit code of the command', async () => {
 *     assert.equal(await pod(['run', '--rm', 'builtin:busybox', 'sh', '-c', 'exit 7']),
 *       { code: 7, signal: null, stdout: '', stderr: '' });
 *   });
 *   test.run();
 */
import { test as uvuTest } from 'uvu';
import { pod } from './pod.ts';

export { limitEachTest, limitFile } from '../../runner/limit.ts';
export { skip } from '../../runner/skip.ts';
export { eventually } from './eventually.ts';
export { greet, greeted } from './greet.ts';
export { busyboxImage, busyboxLayer, type ImageSpec, PYTHON } from './images.ts';
export * from './pod.ts';
export { mirrorDockerHub, type Registry, startRegistry } from './registry.ts';
export { RESOLVER } from './resolver.ts';
export { binary, environment, sandbox } from './sandbox.ts';
export { type TarEntry, tarOf } from './tar.ts';
export { podTerminal, type Terminal, terminal } from './terminal.ts';

/** uvu's test. After the file's last one all its containers are removed; what is left then fails the file. */
export const test = uvuTest;

test.after(async () => {
  const { stdout } = await pod(['ps', '-aq', '--no-trunc']);
  const ids = stdout.split('\n').filter((id) => id !== '');
  if (ids.length > 0) await pod(['rm', '-f', ...ids]);
});
