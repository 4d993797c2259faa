/** What the tests of contexts share: a build as the files that it gives, or as its error. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { pod, type RunOptions, sandbox } from './harness/index.ts';

/** The files that a build with `-o -` gives, as `tar tv` names them. */
export async function files(args: string[], options: RunOptions = {}): Promise<string[]> {
  const out = join(sandbox.work, `out-${Math.random()}.tar`);
  const { code, stderr } = await pod(
    ['build', '--progress', 'plain', '-o', `type=tar,dest=${out}`, ...args],
    options,
  );
  if (code !== 0) throw new Error(stderr);
  const list = execFileSync('tar', ['tvf', out, '--numeric-owner', '--quoting-style=literal'], {
    encoding: 'utf8',
  });
  return list
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/ +\d+ \d{4}-\d\d-\d\d \d\d:\d\d/, ''));
}

export async function failure(args: string[], options: RunOptions = {}): Promise<string> {
  const { code, stderr } = await pod(['build', '--progress', 'quiet', ...args], options);
  assert.is(code, 125);
  return stderr;
}
