import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { read, refused } from './reading.ts';

const exec = (...argv: string[]) => ({ form: 'exec', argv });
const line = (text: string) => ({ form: 'shell', line: text });

test('a JSON list of strings is the exec form, all else a line for the shell', () => {
  assert.equal(read('RUN ["a", "b c"]\nCMD ["a"]\nENTRYPOINT [ ]'), [
    { kind: 'RUN', command: exec('a', 'b c'), mounts: [] },
    { kind: 'CMD', command: exec('a') },
    { kind: 'ENTRYPOINT', command: exec() },
  ]);
  assert.equal(read('CMD [\'a\']\nCMD ["a"\nCMD [ a ] || b\nCMD a  b'), [
    { kind: 'CMD', command: line("['a']") },
    { kind: 'CMD', command: line('["a"') },
    { kind: 'CMD', command: line('[ a ] || b') },
    { kind: 'CMD', command: line('a  b') },
  ]);
  assert.match(refused('RUN ["a", 1]'), 'the JSON form is a list of strings');
});

test('RUN needs a command, CMD may be empty', () => {
  assert.match(refused('RUN'), 'RUN needs a command');
  assert.match(refused('RUN []'), 'RUN needs a command');
  assert.match(refused('RUN --network=none'), 'RUN needs a command');
  assert.equal(read('CMD'), [{ kind: 'CMD', command: exec() }]);
});

test('flags come before all else, with quotes and escapes', () => {
  assert.equal(read('RUN --network=host --security=INSECURE --mount="type=tmpfs,target=/a b" -- --x'), [
    {
      kind: 'RUN',
      command: line('--x'),
      mounts: [{ text: 'type=tmpfs,target=/a b' }],
      network: 'host',
      security: 'insecure',
    },
  ]);
});

test('a flag that is unknown, mistyped, double or without a value is refused', () => {
  assert.match(refused('RUN --mont=a b'), 'there is no flag "--mont" | did you mean --mount?');
  assert.match(refused('CMD --help'), 'there is no flag "--help" | it has no flags');
  assert.match(refused('COPY --from=a --from=b c d'), '--from is given twice');
  assert.match(refused('COPY --from a b'), '--from has no value | write --from=VALUE');
  assert.match(refused('COPY --link=maybe a b'), '--link is true or false, not "maybe"');
  assert.match(refused('RUN --network=other a'), '--network is no "other" | there are: default, none, host');
});

test('COPY and ADD have sources and a destination', () => {
  const plain = { link: false, exclude: [], parents: false };
  const path = (text: string) => ({ kind: 'path', path: text });
  assert.equal(read('COPY a  b c/\nCOPY ["a b", "c"]\nCOPY --link=false --from=1 a b'), [
    { kind: 'COPY', sources: [path('a'), path('b')], destination: 'c/', ...plain },
    { kind: 'COPY', sources: [path('a b')], destination: 'c', ...plain },
    { kind: 'COPY', sources: [path('a')], destination: 'b', ...plain, from: '1' },
  ]);
  assert.equal(read('COPY --chown=a:b --chmod=u+x --link --parents --exclude=*.a --exclude=b c d'), [
    {
      kind: 'COPY',
      sources: [path('c')],
      destination: 'd',
      chown: 'a:b',
      chmod: 'u+x',
      link: true,
      parents: true,
      exclude: ['*.a', 'b'],
    },
  ]);
  assert.equal(read('ADD --checksum=sha256:0 --keep-git-dir --unpack=false https://a/b /c'), [
    {
      kind: 'ADD',
      sources: [path('https://a/b')],
      destination: '/c',
      link: false,
      exclude: [],
      checksum: 'sha256:0',
      keepGitDir: true,
      unpack: false,
    },
  ]);
  assert.match(refused('COPY a'), 'COPY needs at least one source, and a destination');
  assert.match(refused('ADD --from=x a b'), 'there is no flag "--from"');
  assert.match(
    refused('COPY --from=$x a b'),
    'variables are not expanded in --from | name the image in a stage',
  );
});

test('ENV and LABEL take pairs, or the old form of one pair', () => {
  const pairs = (kind: string, ...list: [string, string][]) => ({
    kind,
    pairs: list.map(([key, value]) => ({ key, value })),
    legacy: false,
  });
  assert.equal(read(`ENV a=b c="d e" f='g "h' i=j\\ k l=\nLABEL "a b"=c`), [
    pairs('ENV', ['a', 'b'], ['c', '"d e"'], ['f', `'g "h'`], ['i', 'j\\ k'], ['l', '']),
    pairs('LABEL', ['"a b"', 'c']),
  ]);
  assert.equal(read('ENV a  b=c  d \nLABEL a b'), [
    { kind: 'ENV', pairs: [{ key: 'a', value: 'b=c  d' }], legacy: true },
    { kind: 'LABEL', pairs: [{ key: 'a', value: 'b' }], legacy: true },
  ]);
  assert.match(refused('ENV'), 'ENV needs a name and a value');
  assert.match(refused('ENV a'), 'ENV needs a value for "a" | write it as: ENV a=value');
  assert.match(refused('ENV a=b c'), '"c" has no = | a value with blanks is put in quotes: NAME="a b"');
  assert.match(refused('ENV =b'), '"=b" has no name');
});

test('ARG takes names with and without a value', () => {
  assert.equal(read('ARG a b=c d="e f" g='), [
    {
      kind: 'ARG',
      args: [{ key: 'a' }, { key: 'b', value: 'c' }, { key: 'd', value: '"e f"' }, { key: 'g', value: '' }],
    },
  ]);
  assert.match(refused('ARG'), 'ARG needs a name');
});

test('instructions of one value keep it as it is', () => {
  assert.equal(read('USER a b\nWORKDIR  a  b \nSTOPSIGNAL $x\nMAINTAINER A <b@c>'), [
    { kind: 'USER', user: 'a b' },
    { kind: 'WORKDIR', path: 'a  b' },
    { kind: 'STOPSIGNAL', signal: '$x' },
    { kind: 'MAINTAINER', maintainer: 'A <b@c>' },
  ]);
  for (const kind of ['USER', 'WORKDIR', 'STOPSIGNAL', 'MAINTAINER'])
    assert.match(refused(kind), `${kind} needs a value`);
});

test('EXPOSE and VOLUME take lists', () => {
  assert.equal(read('EXPOSE 80  443/tcp\nVOLUME /a /b\nVOLUME ["/a b"]'), [
    { kind: 'EXPOSE', ports: ['80', '443/tcp'] },
    { kind: 'VOLUME', paths: ['/a', '/b'] },
    { kind: 'VOLUME', paths: ['/a b'] },
  ]);
  assert.match(refused('EXPOSE'), 'EXPOSE needs a port');
  assert.match(refused('VOLUME [""]'), 'VOLUME needs a path');
});

test('SHELL is JSON', () => {
  assert.equal(read('SHELL ["a", "-c"]'), [{ kind: 'SHELL', shell: ['a', '-c'] }]);
  for (const text of ['SHELL a -c', 'SHELL []', 'SHELL'])
    assert.match(refused(text), 'SHELL is given in JSON form | write it as: SHELL ["/bin/bash", "-c"]');
});

test('HEALTHCHECK has a command or none, and times in nanoseconds', () => {
  assert.equal(
    read(
      'HEALTHCHECK NONE\nHEALTHCHECK --interval=1m30s --timeout=1.5s --start-period=0 --start-interval=100ms --retries=3 cmd ["a"]\nHEALTHCHECK CMD a || b',
    ),
    [
      { kind: 'HEALTHCHECK', check: { Test: ['NONE'] } },
      {
        kind: 'HEALTHCHECK',
        check: { Test: ['CMD', 'a'], Interval: 90e9, Timeout: 1.5e9, StartInterval: 100e6, Retries: 3 },
      },
      { kind: 'HEALTHCHECK', check: { Test: ['CMD-SHELL', 'a || b'] } },
    ],
  );
  assert.match(refused('HEALTHCHECK'), 'HEALTHCHECK needs CMD or NONE');
  assert.match(refused('HEALTHCHECK a'), 'HEALTHCHECK has no "a"');
  assert.match(refused('HEALTHCHECK CMD'), 'HEALTHCHECK CMD needs a command');
  assert.match(refused('HEALTHCHECK NONE a'), 'HEALTHCHECK NONE takes nothing else');
  assert.match(refused('HEALTHCHECK --interval=5 CMD a'), '--interval is no duration: "5"');
  assert.match(refused('HEALTHCHECK --interval=1us CMD a'), '--interval is less than a millisecond');
  assert.match(refused('HEALTHCHECK --retries=-1 CMD a'), '--retries is no number: "-1"');
});

test.run();
