import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PodError } from '../../../core/error.ts';
import { parseReference } from '../../../core/reference.ts';

const places: [string, string, string, string | undefined][] = [
  ['oci:dir', 'oci', 'dir', undefined],
  ['oci:/a/b:tag', 'oci', '/a/b', 'tag'],
  ['oci:/a/b:', 'oci', '/a/b', undefined],
  ['oci-archive:x.tar:localhost/a:1', 'oci-archive', 'x.tar', 'localhost/a:1'],
  ['docker-archive:x.tar:@2', 'docker-archive', 'x.tar', '@2'],
  ['dir:/with:colon', 'dir', '/with:colon', undefined],
  ['containers-storage:[overlay@/x]a:1', 'containers-storage', '[overlay@/x]a:1', undefined],
];

for (const [text, transport, path, selector] of places)
  test(`${text} names a place`, () => {
    assert.equal(parseReference(text), { kind: 'transport', transport, path, selector });
  });

test('a transport without a path is refused', () => {
  for (const text of ['oci:', 'dir:', 'docker-archive::tag', 'oci:a\0b'])
    assert.throws(
      () => parseReference(text),
      (error: unknown) => error instanceof PodError && error.code === 'usage',
    );
});

test('what only begins like a transport is a name', () => {
  for (const text of ['oci/app', 'dir-a:1', 'docker-archive'])
    assert.is(parseReference(text).kind, 'registry', text);
});

test.run();
