import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { resolveDestination, type Seen } from '../../../../../core/build/copy/destination.ts';

/** A root: names of directories end in a slash, links have a target. */
function looking(...names: string[]) {
  const seen = new Map<string, Seen>();
  for (const name of names) {
    const [path, linkTarget] = name.split(' -> ') as [string, string?];
    if (linkTarget !== undefined) seen.set(path, { type: 'symlink', linkTarget });
    else if (path.endsWith('/')) seen.set(path.slice(0, -1), { type: 'directory', linkTarget: '' });
    else seen.set(path, { type: 'other', linkTarget: '' });
  }
  return async (path: string) => seen.get(path);
}

const CASES: [string, string[], string, string, string[]][] = [
  ['/', [], '', 'directory', []],
  ['/a', [], 'a', 'nothing', []],
  ['/a/b/c', ['a/'], 'a/b/c', 'nothing', ['a/b']],
  ['/a/b', ['a/', 'a/b'], 'a/b', 'other', []],
  ['/l/f', ['l -> /real', 'real/'], 'real/f', 'nothing', []],
  ['/l', ['l -> real', 'real/'], 'real', 'directory', []],
  ['/l', ['l -> missing/deep'], 'missing/deep', 'nothing', ['missing']],
  ['/x/l/f', ['x/', 'x/l -> ../../../../etc', 'etc/'], 'etc/f', 'nothing', []],
  ['/a/../b', ['b/'], 'b', 'directory', []],
  ['/a/b/../../../c', ['a/'], 'c', 'nothing', []],
  ['/l1', ['l1 -> l2', 'l2 -> f', 'f'], 'f', 'other', []],
  ['/new/../d/x', ['d/'], 'd/x', 'nothing', []],
];

for (const [path, names, at, found, missing] of CASES)
  test(`${path} with ${names.join(', ') || 'nothing'} is ${at || '/'}`, async () => {
    assert.equal(await resolveDestination(path, looking(...names)), { path: at, found, missing });
  });

async function refusal(path: string, ...names: string[]): Promise<string> {
  try {
    await resolveDestination(path, looking(...names));
  } catch (error) {
    return `${(error as Error).message}: ${(error as { why?: string }).why}`;
  }
  throw new Error('it was taken');
}

test('a file on the way, and links in a circle, are refused', async () => {
  assert.is(await refusal('/f/x', 'f'), 'cannot copy to /f/x: /f is not a directory');
  assert.is(await refusal('/a/x', 'a -> b', 'b -> a'), 'cannot copy to /a/x: too many symbolic links');
});

test.run();
