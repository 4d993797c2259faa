import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { describeRepository, gitAddress } from '../../../../../core/build/context/git-address.ts';

const CASES: [string, string | undefined, (string | undefined)?, string?][] = [
  ['https://example.org/a.git', 'https://example.org/a.git'],
  ['https://example.org/a.git#v1', 'https://example.org/a.git', 'v1'],
  ['https://example.org/a.git#v1:dir/sub', 'https://example.org/a.git', 'v1', 'dir/sub'],
  ['https://example.org/a.git#:dir', 'https://example.org/a.git', undefined, 'dir'],
  ['http://example.org/a.git/', 'http://example.org/a.git/'],
  ['git://example.org/a#b', 'git://example.org/a', 'b'],
  ['ssh://git@example.org/a', 'ssh://git@example.org/a'],
  ['git+https://example.org/a', 'https://example.org/a'],
  ['git@example.org:team/a.git#main', 'git@example.org:team/a.git', 'main'],
  ['github.com/docker/cli', 'https://github.com/docker/cli'],
  ['file:///srv/a.git', 'file:///srv/a.git'],
  ['https://example.org/a.tar.gz', undefined],
  ['https://example.org/Dockerfile', undefined],
  ['https://example.org/page#a.git', undefined],
  ['.', undefined],
  ['./a.git', undefined],
  ['-', undefined],
  ['dir@x/y:z', undefined],
];

for (const [text, url, ref, directory = ''] of CASES)
  test(`${text} is ${url === undefined ? 'no repository' : `${url} ${ref ?? ''} ${directory}`}`, () => {
    assert.equal(gitAddress(text), url === undefined ? undefined : { url, ref, directory });
  });

test('references that git would take for options, or that are none, are refused', () => {
  for (const ref of ['--upload-pack=x', '-x', 'a b', 'a..b', 'a~1', 'a^', 'a\nb'])
    assert.throws(() => gitAddress(`https://example.org/a.git#${ref}`), /cannot use the git reference/, ref);
});

test('credentials are not shown', () => {
  assert.is(
    describeRepository(gitAddress('https://me:secret@example.org/a.git')!),
    'https://example.org/a.git',
  );
  assert.is(
    describeRepository(gitAddress('https://me:sec@ret@example.org/a@b.git')!),
    'https://example.org/a@b.git',
  );
});

test.run();
