/** `builder prune`: what builds keep for later ones goes, what images and containers need stays. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { folder } from './copy-lab.ts';
import { limitEachTest, pod, podOk, sandbox, test } from './harness/index.ts';

limitEachTest(90);

const kept = (name: string): string[] => readdirSync(join(sandbox.data, name));

const made = folder(
  'Dockerfile: FROM builtin:busybox\nRUN --mount=type=cache,target=/c echo one >/c/f && cp /c/f /f\nCOPY x /x\n',
  'x: x',
);
const build = () => pod(['build', '--progress', 'plain', '--network', 'none', '-t', 'pruned', made]);
const cached = (stderr: string): number => stderr.match(/(RUN|COPY) .*\n#\d+ CACHED$/gm)?.length ?? 0;

test('steps that an image has stay without --all, those of an image that is gone go', async () => {
  assert.is((await build()).code, 0);
  assert.is(await podOk(['builder', 'prune', '-f']), 'Total reclaimed space: 0B');
  assert.is(cached((await build()).stderr), 2);
  await podOk(['rmi', 'pruned']);
  assert.is(cached((await build()).stderr), 2);
  await podOk(['rmi', 'pruned']);
  const steps = kept('build-cache').sort();
  const said = await podOk(['builder', 'prune', '-f']);
  assert.equal(said.split('\n').slice(0, 3), ['Deleted build cache objects:', ...steps]);
  assert.match(said, /\n\nTotal reclaimed space: [\d.]+kB$/);
  assert.equal(kept('build-cache'), []);
  assert.is(cached((await build()).stderr), 0);
});

test('--all takes those that images have, the caches of RUN and what is remembered of contexts; the image still runs', async () => {
  const places = ['build-cache', 'cache-mounts', 'cache/contexts'];
  await build();
  await new Promise((done) => setTimeout(done, 2100)); // files that are younger aren't remembered
  await build();
  for (const place of places) assert.ok(kept(place).length > 0, place);
  await podOk(['builder', 'prune', '-af']);
  for (const place of places) assert.equal(kept(place), [], place);
  assert.is(await podOk(['run', '--rm', '--network', 'none', 'pruned', 'cat', '/f', '/x']), 'one\nx');
  assert.is(await podOk(['system', 'check']), '');
});

test('nothing goes where the answer is no', async () => {
  await build();
  await podOk(['rmi', 'pruned']);
  const steps = kept('build-cache');
  const { code, stdout } = await pod(['builder', 'prune'], { input: 'n\n' });
  assert.is(code, 1);
  assert.is(
    stdout,
    'WARNING! This will remove all build cache that no image needs.\nAre you sure you want to continue? [y/N] \n',
  );
  assert.equal(kept('build-cache'), steps);
});

test.run();
