import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseCacheFrom, parseCacheTo } from '../../../../../core/build/cache/cache-place.ts';
import type { PodError } from '../../../../../core/error.ts';
import { parseImageReference } from '../../../../../core/reference.ts';

const plain = {
  mode: 'max',
  compressionFormat: undefined,
  compressionLevel: undefined,
  forceCompression: false,
  ignoreError: false,
};

test('each form of --cache-to', () => {
  const to = (text: string) => parseCacheTo(text, '/work');
  assert.equal(to('host.test/app'), {
    ...{ text: 'host.test/app', ...plain },
    reference: parseImageReference('host.test/app:buildcache'),
  });
  assert.equal(to('host.test/app:1').reference, parseImageReference('host.test/app:1'));
  assert.equal(to('type=inline'), {
    ...{ text: 'type=inline', ...plain },
    mode: 'min',
    reference: undefined,
  });
  const local = 'type=local,dest=a/b,mode=max,compression=zstd,compression-level=19,ignore-error=true';
  assert.equal(to(local), {
    ...{ text: local, ...plain, compressionFormat: 'zstd', compressionLevel: 19, ignoreError: true },
    reference: { kind: 'transport', transport: 'oci', path: '/work/a/b', selector: 'latest' },
  });
  assert.equal(to('type=registry,ref=host.test/app:c,oci-mediatypes=true'), {
    ...{ text: 'type=registry,ref=host.test/app:c,oci-mediatypes=true', ...plain, mode: 'min' },
    reference: parseImageReference('host.test/app:c'),
  });
});

test('each form of --cache-from; a name without a tag is that of podman, or an image', () => {
  const from = (text: string) => parseCacheFrom(text, '/work').map(({ candidates }) => candidates);
  assert.equal(from('host.test/app,x:1'), [
    [parseImageReference('host.test/app:buildcache'), parseImageReference('host.test/app')],
    [parseImageReference('x:1')],
  ]);
  assert.equal(from('type=registry,ref=app'), [[parseImageReference('app')]]);
  assert.equal(from('type=local,src=/c,tag=t'), [
    [{ kind: 'transport', transport: 'oci', path: '/c', selector: 't' }],
  ]);
});

test('what is none is refused, with what there is', () => {
  const refusal = (parse: (text: string, directory: string) => unknown, text: string): string => {
    try {
      parse(text, '/work');
    } catch (error) {
      const { code, why, hint } = error as PodError;
      return `${code}: ${why}; ${hint ?? ''}`;
    }
    throw new Error(`${text} was taken`);
  };
  for (const [text, why] of [
    ['type=gha', 'usage: there is no type gha; the types are registry, local, inline'],
    ['type=constructor', 'usage: there is no type constructor; the types are registry, local, inline'],
    ['type=local', 'usage: type=local needs dest=; '],
    ['type=registry,ref=', 'usage: type=registry needs ref=; '],
    ['type=local,dest=a,mode=most', 'usage: mode=most is neither min nor max; '],
    ['type=inline,mode=max', 'usage: type=inline has no mode; '],
    ['type=local,dest=a,compression=xz', 'usage: compression=xz is neither gzip nor zstd; '],
    [
      'type=local,dest=a,compression-level=10',
      'usage: compression-level=10 is none; gzip has 1 to 9, zstd 1 to 20',
    ],
    [
      'type=local,dest=a,image-manifest=false',
      'usage: image-manifest=false is not possible; it is an image of OCI',
    ],
    ['type=local,dest=a,ignore-error=maybe', 'usage: ignore-error=maybe is neither true nor false; '],
    ['type=local,dest', 'usage: "dest" is not KEY=VALUE; '],
    ['builtin:busybox', 'usage: what is built in has no cache; '],
  ] as const)
    assert.is(refusal(parseCacheTo, text), why);
  assert.is(
    refusal(parseCacheFrom, 'type=inline,ref=a'),
    'usage: there is no type inline; the types are registry, local',
  );
  const digest = `host.test/a@sha256:${'0'.repeat(64)}`;
  assert.is(refusal(parseCacheTo, `type=registry,ref=${digest}`), 'usage: it is put under a tag; ');
});

test.run();
