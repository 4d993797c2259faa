import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  choosePlatform,
  formatPlatform,
  hostPlatform,
  parsePlatform,
  platformMatches,
} from '../../../core/platform.ts';

const p = (text: string) => parsePlatform(text);

const spellings: [string, string][] = [
  ['linux/amd64', 'linux/amd64'],
  ['linux/x86_64', 'linux/amd64'],
  ['linux/amd64/v1', 'linux/amd64'],
  ['linux/amd64/v3', 'linux/amd64/v3'],
  ['aarch64', 'linux/arm64'],
  ['linux/arm64/v8', 'linux/arm64'],
  ['linux/arm64/8', 'linux/arm64'],
  ['LINUX/ARM/V7', 'linux/arm/v7'],
  ['linux/armhf', 'linux/arm/v7'],
  ['armel', 'linux/arm/v6'],
  ['i386', 'linux/386'],
  ['linux/constructor', 'linux/constructor'],
  ['windows/amd64', 'windows/amd64'],
];
for (const [text, expected] of spellings) {
  test(`${text} is ${expected}`, () => assert.is(formatPlatform(p(text)), expected));
}

test('what is no platform is refused', () => {
  for (const text of ['', 'a/b/c/d', 'linux/', '/amd64', 'linux/am d64', 'linux/\u001b']) {
    assert.throws(
      () => p(text),
      (error: Error) => /invalid platform/.test(error.message) && !/\u001b/.test(error.message),
    );
  }
});

test('the host is linux on an architecture in the words of Go', () => {
  assert.is(hostPlatform().os, 'linux');
  if (process.arch === 'x64') assert.is(hostPlatform().architecture, 'amd64');
  assert.equal(p('linux'), hostPlatform());
});

const list = (...texts: string[]) =>
  texts.map((text) => {
    const [os = '', architecture = '', variant] = text.split('/');
    return { text, platform: variant === undefined ? { os, architecture } : { os, architecture, variant } };
  });
const chosen = (wanted: string, ...texts: string[]) => choosePlatform(list(...texts), p(wanted))?.text;

test('the best variant that runs is chosen, never one that does not', () => {
  assert.is(chosen('linux/amd64', 'linux/amd64/v3', 'linux/amd64', 'linux/386'), 'linux/amd64');
  assert.is(chosen('linux/amd64', 'linux/amd64/v2'), undefined);
  assert.is(chosen('linux/amd64/v3', 'linux/amd64', 'linux/amd64/v2', 'linux/amd64/v4'), 'linux/amd64/v2');
  assert.is(chosen('linux/arm64', 'linux/arm/v7', 'linux/arm64/v8'), 'linux/arm64/v8');
  assert.is(chosen('linux/arm64', 'linux/arm64/v9'), undefined);
  assert.is(chosen('linux/arm', 'linux/arm/v5', 'linux/arm/v6', 'linux/arm/v7'), 'linux/arm/v7');
  assert.is(chosen('linux/arm/v6', 'linux/arm/v7', 'linux/arm/v5', 'linux/arm/v6'), 'linux/arm/v6');
  assert.is(chosen('linux/amd64', 'windows/amd64', 'unknown/unknown'), undefined);
  assert.is(chosen('linux/riscv64', 'linux/amd64', 'linux/riscv64'), 'linux/riscv64');
});

test('the first of equals is chosen, and entries without a platform are passed over', () => {
  const entries = [{ n: 0 }, { n: 1, platform: p('amd64') }, { n: 2, platform: p('amd64') }];
  assert.is(choosePlatform(entries, p('linux/amd64'))?.n, 1);
  assert.is(choosePlatform([], p('linux/amd64')), undefined);
});

test('an image matches what may run it', () => {
  assert.ok(platformMatches({ os: 'linux', architecture: 'arm64', variant: 'v8' }, p('arm64')));
  assert.not.ok(platformMatches({ os: 'linux', architecture: 'arm64' }, p('amd64')));
});

test.run();
