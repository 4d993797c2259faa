import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { splitName } from '../../../../cli/images/named-image.ts';
import { storedName } from '../../../../core/images/find.ts';

test('repository and tag, joined by a colon, name the image', () => {
  for (const [name, repository, tag] of [
    ['docker.io/library/alpine:3', 'alpine', '3'],
    ['docker.io/team/app:v1', 'team/app', 'v1'],
    ['localhost:5000/app:latest', 'localhost:5000/app', 'latest'],
    ['builtin:busybox', 'builtin', 'busybox'],
  ] as const) {
    assert.equal(splitName(name), { repository, tag });
    assert.is(storedName(`${repository}:${tag}`), name);
  }
});

test('what has no tag shows none', () => {
  assert.equal(splitName(undefined), { repository: '<none>', tag: '<none>' });
  const digest = `sha256:${'a'.repeat(64)}`;
  assert.equal(splitName(`localhost:5000/app@${digest}`), {
    repository: 'localhost:5000/app',
    tag: '<none>',
  });
});

test.run();
