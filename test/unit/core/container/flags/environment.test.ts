import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  buildEnvironment,
  type EnvironmentSources,
} from '../../../../../core/container/flags/environment.ts';
import { refusal, temporary } from '../fixtures.ts';

const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

function environment(sources: Partial<EnvironmentSources> = {}): string[] {
  return buildEnvironment({
    image: [],
    files: [],
    flags: [],
    host: {},
    hostname: undefined,
    tty: false,
    home: '/root',
    ...sources,
  });
}

function file(content: string | Buffer): string {
  const path = join(temporary(), 'env');
  writeFileSync(path, content);
  return path;
}

/** What a file adds, with MINE=1 in the caller's environment. */
const read = (content: string | Buffer) =>
  environment({ files: [file(content)], host: { MINE: '1' } }).slice(2);

test('there is always a path and a home', () => {
  assert.equal(environment(), [PATH, 'HOME=/root']);
});

test('a terminal and a hostname add their variables', () => {
  assert.equal(environment({ tty: true, hostname: 'box' }), [
    PATH,
    'TERM=xterm',
    'HOSTNAME=box',
    'HOME=/root',
  ]);
});

test('flags win over files, files over the image, the image over what is always there', () => {
  const sources = {
    image: ['HOME=/srv', 'A=image', 'B=image', 'C=image'],
    files: [file('A=file\nB=file\n')],
    flags: ['A=flag'],
  };
  assert.equal(environment(sources), [PATH, 'HOME=/srv', 'A=flag', 'B=file', 'C=image']);
});

test("a name alone takes the caller's value, or takes the variable out", () => {
  const host = { TERM: 'vt100', EMPTY: '' };
  assert.equal(environment({ image: ['A=1'], flags: ['TERM', 'EMPTY', 'A', 'PATH'], host }), [
    'HOME=/root',
    'TERM=vt100',
    'EMPTY=',
  ]);
});

test('a value may have anything but NUL', () => {
  assert.equal(environment({ flags: ['A=b=c', 'B= x ', 'C=\n', 'D=', 'E=ä'] }).slice(2), [
    'A=b=c',
    'B= x ',
    'C=\n',
    'D=',
    'E=ä',
  ]);
});

test('a name that is empty or has white space is refused', () => {
  for (const flag of ['', '=', '=x', 'A B=1', 'A\t=1', ' A=1', 'A\n', 'A=\0'])
    assert.match(
      refusal(() => environment({ flags: [flag] })),
      /^usage: cannot set the variable/,
      JSON.stringify(flag),
    );
});

test('lines of a file: comments, empty ones, white space in front, names alone', () => {
  assert.equal(read('# comment\n\n  A=1\n\t# more\nB=#2\nMINE\nNOTSET\nC=3 # no comment\n'), [
    'A=1',
    'B=#2',
    'MINE=1',
    'C=3 # no comment',
  ]);
});

test("a file may have Windows' line ends and a byte order mark", () => {
  assert.equal(read('\ufeffA=1\r\nB=2\r\n\r\nC=3'), ['A=1', 'B=2', 'C=3']);
});

test('quotes and backslashes in a file stand for themselves, as with docker', () => {
  assert.equal(read(`A="x y"\nB='z'\nC=\\n\n`), ['A="x y"', "B='z'", 'C=\\n']);
});

test('a file with a broken line is refused, and so is one that can not be read', () => {
  for (const content of ['=x\n', 'export A=1\n', 'A=1\0\n'])
    assert.match(
      refusal(() => read(content)),
      /^usage: cannot set the variable/,
    );
  assert.match(
    refusal(() => environment({ files: ['/nonexistent'] })),
    /^not-found: cannot read the env file \/nonexistent: no such file or directory$/,
  );
});

test('names of JavaScript objects are plain names', () => {
  assert.equal(environment({ flags: ['__proto__=1', 'constructor=2'] }).slice(2), [
    '__proto__=1',
    'constructor=2',
  ]);
});

test.run();
