/** Flags of `build` about the result: what they make of it, buildah makes of it too. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { buildah, contextOf } from './build-peer-lab.ts';
import { limitEachTest, podOk, sandbox, test } from './harness/index.ts';

limitEachTest(90);

const context = contextOf('FROM scratch\nCOPY a /a\nCOPY b /d/b\nCOPY --from=more / /m\nLABEL x=y\n', {
  a: 'a',
  b: 'b',
  'more/f': 'f',
});
const COMMON = ['build', '-q', '--build-context', `more=${join(context, 'more')}`];

/** Both, each with arguments of its own besides. */
async function both(args: (who: 'ours' | 'theirs') => string[]): Promise<void> {
  await Promise.all([podOk([...COMMON, ...args('ours')]), buildah(...COMMON, ...args('theirs'))]);
}

const lines = (...command: [string, ...string[]]): string[] =>
  execFileSync(command[0], command.slice(1), { encoding: 'utf8' }).trim().split('\n').sort();

/** Names, kinds, modes and owners, without the root. */
const listed = (archive: string): string[] =>
  lines('tar', 'tvf', archive, '--numeric-owner')
    .map((line) => line.replace(/ +\d+ \d{4}-\d\d-\d\d \d\d:\d\d/, '').replace(/\/$/, ''))
    .map((line) => line.replace('root/root', '0/0'))
    .filter((line) => !line.endsWith(' .'));

/** The only image of a layout. */
function imageOf(layout: string) {
  const blob = (digest: string) => join(layout, 'blobs/sha256', digest.slice('sha256:'.length));
  const json = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
  const manifest = json(blob(json(join(layout, 'index.json')).manifests[0].digest));
  const config = json(blob(manifest.config.digest));
  // buildah notes the base image, too.
  const noted = Object.entries(manifest.annotations).filter(([key]) => !key.includes('.image.base.'));
  return {
    annotations: Object.fromEntries(noted),
    layers: (manifest.layers as { digest: string }[]).map(({ digest }) => listed(blob(digest))),
    times: lines('tar', 'tvf', blob(manifest.layers[0].digest)).map((line) => / \d{4}-.{11} /.exec(line)![0]),
    created: Date.parse(config.created),
    steps: (config.history as { created: string }[]).map(({ created }) => Date.parse(created)),
  };
}

test('--squash, --annotation, --timestamp and --build-context', async () => {
  const flags = ['--squash', '--annotation', 'a=b=c', '--timestamp', '1000', '-t', 'flags'];
  await both(() => [...flags, context]);
  const [ours, theirs] = ['ours', 'theirs'].map((name) => join(sandbox.work, name)) as [string, string];
  await Promise.all([
    podOk(['push', '-q', 'flags', `oci:${ours}:x`]),
    buildah('push', '-q', 'flags', 'oci:theirs:x'),
  ]);
  const [made, expected] = [imageOf(ours), imageOf(theirs)];
  const { times, steps, ...rest } = made;
  const { times: _, steps: __, ...others } = expected;
  assert.equal(rest, others);
  for (const image of [made, expected]) {
    assert.equal([...new Set(image.times)], [expected.times[0]]);
    assert.equal([...new Set(image.steps)], [1_000_000]);
  }
});

test('--output: a folder and an archive of the files', async () => {
  const place = (who: string, kind: string) => join(sandbox.work, `${kind}-of-${who}`);
  for (const kind of ['local', 'tar'])
    await both((who) => ['-o', `type=${kind},dest=${place(who, kind)}`, context]);
  assert.equal(listed(place('ours', 'tar')), listed(place('theirs', 'tar')));
  const find = (who: string) => lines('find', place(who, 'local'), '-mindepth', '1', '-printf', '%P %y %m\n');
  assert.equal(find('ours'), find('theirs'));
});

test('--manifest with several platforms', async () => {
  await both(() => ['--platform', 'linux/amd64,linux/arm64', '--manifest', 'several', context]);
  // buildah's order is that in which they were done.
  const platforms = (text: string) =>
    (JSON.parse(text).manifests as { platform: { os: string; architecture: string } }[])
      .map(({ platform: { os, architecture } }) => `${os}/${architecture}`)
      .sort();
  const [ours, theirs] = [
    await podOk(['manifest', 'inspect', 'several']),
    await buildah('manifest', 'inspect', 'several'),
  ];
  assert.equal(platforms(ours), platforms(theirs));
});

test.run();
