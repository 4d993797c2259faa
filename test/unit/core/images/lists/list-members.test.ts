import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sourcesOf, withSources } from '../../../../../core/images/entry.ts';
import type { Index } from '../../../../../core/images/format/types.ts';
import { adding, memberDigest, withChange } from '../../../../../core/images/lists/list-members.ts';

const paths = { images: '/nonexistent' };
const index: Index = { schemaVersion: 2, manifests: [] };
const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const member = (letter: string, source?: string) => ({
  descriptor: { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: digest(letter), size: 7 },
  source,
});

test('a change tells what it tells, all else stays', () => {
  const one = withChange(member('a'), { os: 'linux', architecture: 'arm', annotations: { k: 'v' } });
  assert.equal(one.descriptor.platform, { os: 'linux', architecture: 'arm' });
  const two = withChange(one, { variant: 'v7', osVersion: '1', features: ['x'], annotations: { l: 'w' } });
  assert.equal(two.descriptor.platform, {
    os: 'linux',
    architecture: 'arm',
    variant: 'v7',
    'os.version': '1',
    features: ['x'],
  });
  assert.equal(two.descriptor.annotations, { k: 'v', l: 'w' });
  assert.equal(withChange(member('a'), {}), member('a'), 'what has no platform gets none');
});

test('what is added twice is there once, as it was added last', () => {
  const change = adding(() => [member('b'), member('c')], { architecture: 'arm', os: 'linux' });
  const members = change([member('a'), member('b', 'docker://x/y:1')], index);
  assert.equal(
    members.map(({ descriptor, source }) => [
      descriptor.digest[7],
      source,
      descriptor.platform?.architecture,
    ]),
    [
      ['a', undefined, undefined],
      ['b', undefined, 'arm'],
      ['c', undefined, 'arm'],
    ],
  );
});

test('a member is meant by its digest, by the name that it was added by, and with that name and the digest', () => {
  const source = `docker://quay.io/x/y:1@${digest('a')}`;
  const members = [member('a', source), member('b')];
  for (const text of [digest('a'), 'quay.io/x/y:1', 'docker://quay.io/x/y:1', `quay.io/z@${digest('a')}`])
    assert.is(memberDigest(paths, index, members, text), digest('a'), text);
  for (const text of [digest('c'), 'quay.io/x/y:2', 'nosuch'])
    assert.throws(() => memberDigest(paths, index, members, text), /no such image in the list/);
  assert.throws(() => memberDigest(paths, index, members, 'sha256:12'), /cannot use a member of a list/);
});

test('sources are kept with the entry in words without braces, so that a damaged index can be taken apart', () => {
  const members = [member('a', 'docker://x/y:1@sha256:1'), member('b'), member('c', 'docker://z:2')];
  const annotations = withSources({ other: '1' }, members);
  assert.not.match(JSON.stringify(Object.values(annotations)), /[{}]/);
  const entry = { ...member('a').descriptor, annotations };
  assert.equal(
    [...sourcesOf(entry)],
    [
      [digest('a'), 'docker://x/y:1@sha256:1'],
      [digest('c'), 'docker://z:2'],
    ],
  );
  assert.equal(withSources(annotations, [member('b')]), { other: '1' });
});

test.run();
