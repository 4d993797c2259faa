import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseRunMount } from '../../../../../core/build/dockerfile/run-mount.ts';
import { PodError } from '../../../../../core/error.ts';
import { refusal, refused } from './reading.ts';

const refuse = (why: string, hint?: string) =>
  new PodError({ code: 'invalid', message: 'no', why, ...(hint ? { hint } : {}) });
const mount = (text: string): object => parseRunMount(text, (word) => word, refuse);
const root = { uid: 0, gid: 0 };

test('a bind mount is the default, read-only, of the whole context', () => {
  assert.equal(mount('target=/x'), { type: 'bind', target: '/x', source: '/', writable: false });
  assert.equal(mount('type=BIND,dst=x,src=/a,from=b,rw'), {
    type: 'bind',
    target: 'x',
    source: '/a',
    from: 'b',
    writable: true,
  });
  assert.equal(mount('"target=/a,b",readonly=false'), {
    type: 'bind',
    target: '/a,b',
    source: '/',
    writable: true,
  });
});

test('a cache has an id, sharing and an owner', () => {
  assert.equal(mount('type=cache,target=/a//b'), {
    type: 'cache',
    target: '/a//b',
    id: '/a/b',
    sharing: 'shared',
    source: '/',
    mode: 0o755,
    ...root,
    readOnly: false,
  });
  assert.equal(mount('type=cache,target=/a,id=i,sharing=locked,from=f,source=s,mode=0700,uid=1,gid=2,ro'), {
    type: 'cache',
    target: '/a',
    id: 'i',
    sharing: 'locked',
    from: 'f',
    source: 's',
    mode: 0o700,
    uid: 1,
    gid: 2,
    readOnly: true,
  });
});

test('a tmpfs has a size', () => {
  assert.equal(mount('type=tmpfs,target=/a'), { type: 'tmpfs', target: '/a' });
  assert.equal(mount('type=tmpfs,target=/a,size=1m'), { type: 'tmpfs', target: '/a', size: 1 << 20 });
});

test('a secret is a file, a variable or both', () => {
  const secret = { type: 'secret', required: false, mode: 0o400, ...root };
  assert.equal(mount('type=secret,id=a/b'), { ...secret, id: 'a/b', target: '/run/secrets/b' });
  assert.equal(mount('type=secret,target=/x/y'), { ...secret, id: 'y', target: '/x/y' });
  assert.equal(mount('type=secret,src=a,env=E'), { ...secret, id: 'a', env: 'E' });
  assert.equal(mount('type=secret,id=a,env=E,target=/f,required,mode=440'), {
    ...secret,
    id: 'a',
    env: 'E',
    target: '/f',
    required: true,
    mode: 0o440,
  });
});

test('ssh has an id', () => {
  assert.equal(mount('type=ssh'), { type: 'ssh', id: 'default', required: false, mode: 0o600, ...root });
  assert.equal(mount('type=ssh,id=a,target=/s,required=true,uid=5'), {
    type: 'ssh',
    id: 'a',
    target: '/s',
    required: true,
    mode: 0o600,
    uid: 5,
    gid: 0,
  });
});

test('what a mount does not know is refused, with what is meant', () => {
  const cases: [string, RegExp][] = [
    ['type=cach,target=/x', /--mount has no type "cach" \| there are: bind, cache, tmpfs, secret, ssh/],
    ['targt=/x', /--mount has no "targt" \| did you mean target\?/],
    ['target', /target of --mount has no value/],
    ['type=tmpfs,target=/x,id=a', /id is not for mounts of type tmpfs/],
    ['type=cache', /--mount needs a target/],
    ['type=cache,target=/x,sharing=all', /--mount has no sharing "all"/],
    ['type=cache,target=/x,mode=9', /mode of --mount is no octal number: "9"/],
    ['type=cache,target=/x,uid=-1', /uid of --mount is no number: "-1"/],
    ['type=tmpfs,target=/x,size=much', /invalid size "much"/],
    ['type=secret', /a secret needs an id/],
    ['type=secret,id=a,source=b', /an id or a source, not both/],
    ['target=/x,rw=maybe', /readwrite of --mount is true or false, not "maybe"/],
    ['target="/x', /--mount has an unclosed quote/],
    ['__proto__=a', /--mount has no "__proto__"/],
  ];
  for (const [text, expected] of cases)
    assert.match(
      refusal(() => mount(text)),
      expected,
      text,
    );
});

test('a mount without variables is checked when the file is read', () => {
  assert.match(
    refused('RUN --mount=type=cach,target=/x a'),
    'cannot build Dockerfile:2: --mount has no type "cach"',
  );
  assert.match(refused('RUN --mount=from=$a,target=/x a'), 'variables are not expanded in from= of --mount');
});

test.run();
