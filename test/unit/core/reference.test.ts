import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PodError } from '../../../core/error.ts';
import {
  canonicalName,
  familiarName,
  parseImageReference,
  parseReference,
  printable,
  withRepository,
} from '../../../core/reference.ts';

const D = `sha256:${'a1'.repeat(32)}`;
const long = (length: number): string => 'a'.repeat(length);

const names: [string, string, string][] = [
  ['alpine', 'docker.io/library/alpine:latest', 'alpine:latest'],
  ['alpine:3.20', 'docker.io/library/alpine:3.20', 'alpine:3.20'],
  ['docker.io/alpine', 'docker.io/library/alpine:latest', 'alpine:latest'],
  ['index.docker.io/library/alpine', 'docker.io/library/alpine:latest', 'alpine:latest'],
  ['docker://quay.io/centos/centos:9', 'quay.io/centos/centos:9', 'quay.io/centos/centos:9'],
  ['team/app', 'docker.io/team/app:latest', 'team/app:latest'],
  ['localhost/app', 'localhost/app:latest', 'localhost/app:latest'],
  ['localhost:5000/a/b:1', 'localhost:5000/a/b:1', 'localhost:5000/a/b:1'],
  ['docker.io/localhost/app', 'docker.io/localhost/app:latest', 'docker.io/localhost/app:latest'],
  ['[::1]:5000/app', '[::1]:5000/app:latest', '[::1]:5000/app:latest'],
  ['Foo/bar', 'Foo/bar:latest', 'Foo/bar:latest'],
  ['app:Tag_1.2-x', 'docker.io/library/app:Tag_1.2-x', 'app:Tag_1.2-x'],
  ['a__b/c.d-e---f', 'docker.io/a__b/c.d-e---f:latest', 'a__b/c.d-e---f:latest'],
  [`app@${D}`, `docker.io/library/app@${D}`, `app@${D}`],
  [`x.y/app:1@${D}`, `x.y/app@${D}`, `x.y/app@${D}`],
  [`app:${long(128)}`, `docker.io/library/app:${long(128)}`, `app:${long(128)}`],
];

for (const [text, canonical, familiar] of names) {
  test(`${text.slice(0, 60)} is ${canonical.slice(0, 60)}`, () => {
    const reference = parseImageReference(text);
    assert.is(canonicalName(reference), canonical);
    assert.is(familiarName(reference), familiar);
    assert.is(canonicalName(parseImageReference(canonical)), canonical, 'a canonical name stands for itself');
    assert.is(canonicalName(parseImageReference(familiar)), canonical, 'a familiar name too');
  });
}

const refused: [string, RegExp][] = [
  ['', /empty/],
  ['docker://', /empty/],
  ['ALPINE', /lower case/],
  ['team/App', /lower case/],
  ['alpine:', /tag/],
  ['alpine:-x', /tag/],
  [`alpine:${long(129)}`, /tag/],
  ['alpine@sha256:abcd', /digest/],
  [`alpine@md5:${'a'.repeat(64)}`, /digest/],
  [`alpine@sha256:${'A'.repeat(64)}`, /digest/],
  [`alpine@${D}@${D}`, /digest/],
  ['a//b', /repository/],
  ['/a', /repository/],
  ['a/', /repository/],
  ['a..b', /repository/],
  ['a/../b', /repository/],
  ['../b', /host/],
  ['-a.b/c', /host/],
  ['localhost:x/c', /host/],
  ['a___b', /repository/],
  ['alpine\u001b[31m', /repository/],
  ['al\npine', /repository/],
  ['alpine:1\u0000', /tag/],
  ['alpi\u202ene', /repository/],
  ['älpine', /repository/],
  ['a b', /repository/],
  ['https://quay.io/x', /repository|host|tag/],
  [`${'a'.repeat(64)}`, /image id/],
  [long(100_000), /longer/],
];

for (const [text, why] of refused) {
  test(`${JSON.stringify(text.slice(0, 40))} is refused`, () => {
    try {
      parseReference(text);
      assert.unreachable();
    } catch (error) {
      assert.instance(error, PodError);
      assert.is((error as PodError).code, 'usage');
      assert.match((error as PodError).why ?? '', why);
      assert.not.match((error as PodError).message, /[\u0000-\u001f\u202e]/);
      assert.ok((error as PodError).message.length < 200);
    }
  });
}

test('a name may have 255 characters with its domain, not 256', () => {
  assert.ok(parseImageReference(long(255 - 'docker.io/library/'.length)));
  assert.throws(() => parseImageReference(long(256 - 'docker.io/library/'.length)));
});

test('builtin: is a transport of its own', () => {
  assert.equal(parseReference('builtin:busybox'), { kind: 'builtin', name: 'busybox' });
  for (const text of ['builtin:', 'builtin:a/b', 'builtin:..', 'builtin:A'])
    assert.throws(() => parseReference(text));
});

test('only a name without a host is a short name', () => {
  assert.is(parseImageReference('alpine').shortName, 'alpine');
  assert.is(parseImageReference('team/app').shortName, 'team/app');
  assert.is(parseImageReference('docker.io/alpine').shortName, undefined);
});

test('another repository keeps tag and digest', () => {
  const renamed = withRepository(parseImageReference(`centos:9@${D}`), 'quay.io/centos/centos');
  assert.is(renamed.tag, '9');
  assert.is(canonicalName(renamed), `quay.io/centos/centos@${D}`);
});

test('printable text has no control characters and an end', () => {
  assert.is(printable('a\u001b[0m\r\n\u009b\u2028b'), 'a?[0m????b');
  assert.is(printable('x'.repeat(500), 10), 'xxxxxxxxxx…');
});

test.run();
