import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseDockerfile, parseTrigger } from '../../../../../core/build/dockerfile/parse.ts';
import { excerptOf } from '../../../../../core/build/dockerfile/refusal.ts';
import { own, read, refusal, refused } from './reading.ts';

const shell = (line: string) => ({ kind: 'RUN', command: { form: 'shell', line }, mounts: [] });

test('directives are read at the very top, whatever their case and blanks', () => {
  const { directives } = parseDockerfile(
    '# Syntax = docker/dockerfile:1 x\n#ESCAPE=`\n#check=error=true\nFROM x',
  );
  assert.equal(directives, {
    syntax: 'docker/dockerfile:1',
    escape: '`',
    check: { skip: [], experimental: [], error: true, line: { start: 3, end: 3 } },
  });
});

test('a comment, an empty line, an unknown directive or an instruction ends the directives', () => {
  for (const before of ['# a comment', '', '# other=x', 'ARG a'])
    assert.is(parseDockerfile(`${before}\n# escape=\`\nFROM x`).directives.escape, '\\');
  assert.is(parseDockerfile('#!/usr/bin/x\n# escape=`\nFROM x').directives.escape, '`');
  assert.is(parseDockerfile('\ufeff# escape=`\r\nFROM x\r\n').directives.escape, '`');
});

test('a directive that is given twice, or means nothing, is refused with its line', () => {
  assert.is(
    refusal(() => parseDockerfile('# escape=\\\n# escape=`\nFROM x')),
    'cannot build Dockerfile:2: the directive escape is given twice',
  );
  assert.is(
    refusal(() => parseDockerfile('# escape=x\nFROM x')),
    'cannot build Dockerfile:1: "x" is no escape character: it is \\ or `',
  );
  const hint = ' | write it as: # check=skip=RuleName,OtherRule;error=true';
  assert.is(
    refusal(() => parseDockerfile('# check=skip=a;eror=true\nFROM x')),
    `cannot build Dockerfile:1: check has no option "eror"${hint}`,
  );
  assert.is(
    refusal(() => parseDockerfile('# check=error=maybe\nFROM x')),
    `cannot build Dockerfile:1: "maybe" is neither true nor false${hint}`,
  );
});

test('the options of check are lists and a switch', () => {
  const { check } = parseDockerfile('# check=skip=A, B;error=false;experimental=all\nFROM x').directives;
  assert.equal(check, { skip: ['A', 'B'], experimental: ['all'], error: false, line: { start: 1, end: 1 } });
});

test('a line goes on after the escape character, past comments, empty lines and blanks behind it', () => {
  assert.equal(read('RUN a \\\n  # no\n\n   b\\ \t\n c'), [shell('a    b c')]);
  assert.equal(read('RUN a `\n b\nRUN c \\', '# escape=`\n'), [shell('a  b'), shell('c \\')]);
});

test('an escaped escape character, and one before other characters, end no line', () => {
  assert.equal(read('RUN a \\\\\nRUN b\\c'), [shell('a \\\\'), shell('b\\c')]);
});

test('a file may end within an instruction', () => {
  assert.equal(read('RUN a \\'), [shell('a')]);
  assert.equal(read('RUN a \\\n'), [shell('a')]);
});

test('lines with carriage returns, and with blanks before the keyword, are read as others', () => {
  assert.equal(read('  RUN a \\\r\n b\r\n\tUSER c\r\n'), [shell('a  b'), { kind: 'USER', user: 'c' }]);
});

test('a keyword is read in any case, and kept as typed', () => {
  const [stage] = parseDockerfile('from x as Y\nrun a').stages;
  assert.is(stage?.name, 'y');
  assert.is(stage?.from.as, 'Y');
  assert.is(stage?.instructions[0]?.keyword, 'run');
});

test('empty lines within an instruction are told of', () => {
  assert.equal(parseDockerfile('FROM x\nRUN a \\\n\n b').emptyContinuations, [{ start: 3, end: 3 }]);
});

test('an instruction knows its lines and its text', () => {
  const [run] = parseDockerfile('\n# c\nFROM x\n\nRUN  a \\\n # c\n b\n').stages[0]!.instructions;
  assert.equal(run?.line, { start: 5, end: 7 });
  assert.is(run?.original, 'RUN  a  b');
});

test('stages have names, numbers, platforms and descriptions', () => {
  const file = parseDockerfile(
    '# a is first\nFROM --platform=$P a:1 AS a\nRUN b\n# other\n#\nFROM a as B\n# a\n\nFROM scratch',
  );
  assert.equal(
    file.stages.map(({ index, name, from, instructions }) => ({
      index,
      name,
      image: from.image,
      platform: from.platform,
      count: instructions.length,
    })),
    [
      { index: 0, name: 'a', image: 'a:1', platform: '$P', count: 1 },
      { index: 1, name: 'b', image: 'a', platform: undefined, count: 0 },
      { index: 2, name: undefined, image: 'scratch', platform: undefined, count: 0 },
    ],
  );
  assert.equal([...file.descriptions], [[2, 'a is first']]);
});

test('only ARG may stand before the first FROM', () => {
  assert.equal(parseDockerfile('ARG a=1 b\nFROM x').globalArgs.map(own), [
    { kind: 'ARG', args: [{ key: 'a', value: '1' }, { key: 'b' }] },
  ]);
  assert.is(
    refusal(() => parseDockerfile('ENV a=b\nFROM x')),
    'cannot build Dockerfile:1: ENV comes before the first FROM | only ARG may be before FROM',
  );
});

test('a file without a stage is refused', () => {
  for (const text of ['', '\n\n', '# only a comment', 'ARG a'])
    assert.match(
      refusal(() => parseDockerfile(text)),
      /^cannot build Dockerfile:\d: it has no FROM \| begin it with: FROM image$/,
    );
});

test('FROM takes an image and a name', () => {
  const from = (text: string) => refusal(() => parseDockerfile(text));
  assert.is(from('FROM'), 'cannot build Dockerfile:1: FROM needs an image | write it as: FROM image AS name');
  for (const text of ['FROM a b', 'FROM a AS', 'FROM a IS b', 'FROM a AS b c'])
    assert.is(
      from(text),
      'cannot build Dockerfile:1: FROM takes an image, and AS with a name | write it as: FROM image AS name',
    );
  for (const name of ['1a', '-a', 'a/b', 'a:b', 'é'])
    assert.match(from(`FROM a AS ${name}`), `"${name}" is no name for a stage`);
});

test('a mistyped instruction is told with the one that is meant, and the lines around it', () => {
  const text = 'FROM x\nRUN a\nRUM b\nRUN c\n\nRUN d\n';
  let thrown: unknown;
  try {
    parseDockerfile(text, 'build/Dockerfile');
  } catch (error) {
    thrown = error;
  }
  assert.is(
    refusal(() => {
      throw thrown;
    }),
    'cannot build build/Dockerfile:3: there is no instruction "RUM" | did you mean RUN?',
  );
  assert.is(
    excerptOf(thrown),
    `build/Dockerfile:3
--------------------
   1 |     FROM x
   2 |     RUN a
   3 | >>> RUM b
   4 |     RUN c
   5 |
--------------------`,
  );
  assert.match(refused('WHATEVER x'), 'there is no instruction "WHATEVER" | there are: ADD, ARG, CMD,');
});

test('ONBUILD keeps its instruction as text, and is no trigger itself', () => {
  const [onbuild] = read('ONBUILD  RUN --network=none  a <<X <<-Y\n1\nX\n\t2\n\tY') as [{ trigger: object }];
  assert.is((onbuild as unknown as { text: string }).text, 'RUN --network=none  a <<X <<-Y\n1\nX\n\t2\nY');
  assert.is((onbuild.trigger as { kind: string }).kind, 'RUN');
  assert.match(refused('ONBUILD ONBUILD RUN a'), 'ONBUILD in ONBUILD is not allowed');
  assert.match(refused('ONBUILD FROM a'), 'FROM is not allowed as a trigger of ONBUILD');
  assert.match(refused('ONBUILD maintainer a'), 'MAINTAINER is not allowed as a trigger of ONBUILD');
  assert.match(refused('ONBUILD'), 'ONBUILD needs an instruction');
  assert.match(refused('ONBUILD NOTHING x'), 'there is no instruction "NOTHING"');
});

test('a trigger is read from the text that ONBUILD keeps', () => {
  const trigger = parseTrigger('COPY <<X /a\nb $c\nX', 'base');
  assert.equal(trigger.heredocs, [{ name: 'X', expand: true, chomp: false, content: 'b $c\n' }]);
  assert.is(
    refusal(() => parseTrigger('RUN a\nRUN b', 'base')),
    'cannot build the ONBUILD of base:1: it is not one instruction',
  );
  assert.match(
    refusal(() => parseTrigger('ONBUILD RUN a', 'base')),
    'ONBUILD in ONBUILD is not allowed',
  );
});

test('a hostile file is refused or read in time in proportion to its size', () => {
  const began = performance.now();
  assert.match(
    refusal(() => parseDockerfile(`FROM x\n${'RUN a\n'.repeat(1_000_000)}`)),
    'it has more than 100000 instructions',
  );
  assert.match(
    refusal(() => parseDockerfile('a'.repeat(20 << 20))),
    'it is larger than 16 MiB',
  );
  assert.is(parseDockerfile('FROM x\n'.repeat(50_000)).stages.length, 50_000);
  assert.is(parseDockerfile(`FROM x\nRUN ${'\\\n'.repeat(500_000)}a`).stages[0]!.instructions.length, 1);
  assert.is(parseDockerfile(`${'#a\n'.repeat(500_000)}FROM x`).stages.length, 1);
  assert.is(parseDockerfile(`FROM x\nRUN ${'<<'.repeat(500_000)}`).stages.length, 1);
  assert.is(parseDockerfile(`FROM x\nENV a=${'"\\'.repeat(500_000)}`).stages.length, 1);
  assert.match(refused(`RUN --mount=${'"'.repeat(100_000)} x`), '--mount');
  assert.match(
    refused(`CMD ${'['.repeat(100_000)}${']'.repeat(100_000)}`),
    'the JSON form is a list of strings',
  );
  assert.ok(performance.now() - began < 30_000);
});

test.run();
