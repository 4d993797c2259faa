import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { RunInstruction } from '../../../../../core/build/dockerfile/dockerfile.ts';
import { heredocMark, heredocMarks } from '../../../../../core/build/dockerfile/heredoc.ts';
import { parseDockerfile } from '../../../../../core/build/dockerfile/parse.ts';
import { runForm } from '../../../../../core/build/dockerfile/run-form.ts';
import { refused } from './reading.ts';

const first = (text: string) => parseDockerfile(`FROM x\n${text}`).stages[0]!.instructions[0]!;
const form = (text: string) => runForm(first(text) as RunInstruction);

test('a word is a mark with quotes, a dash and a descriptor', () => {
  const mark = (name: string, expand: boolean, chomp: boolean) => ({ name, expand, chomp });
  assert.equal(heredocMark('<<EOF'), mark('EOF', true, false));
  assert.equal(heredocMark('<<-EOF'), mark('EOF', true, true));
  for (const word of [`<<'EOF'`, '<<"EOF"', '<<EO"F"'])
    assert.equal(heredocMark(word), mark('EOF', false, false));
  assert.equal(heredocMark(`<<-"E'F"`), mark("E'F", false, true));
  assert.equal(heredocMark('4<<EOF'), { ...mark('EOF', true, false), fileDescriptor: 4 });
  for (const word of ['', 'EOF', '<<', '<<-', '<EOF', '<<<EOF', 'a<<EOF', `<<'EOF`, '<<"a b"'])
    assert.is(heredocMark(word), undefined, word);
});

test('marks in quotes, behind an escape or in a word are none', () => {
  const names = (line: string) => heredocMarks(line).map(({ name }) => name);
  assert.equal(names('RUN a <<A 3<<B | c <<"C"'), ['A', 'B', 'C']);
  for (const line of [`RUN '<<A'`, 'RUN "<<A"', 'RUN echo $((1<<2))', 'RUN \\<<A', 'RUN "a <<A', 'RUN << A'])
    assert.equal(names(line), [], line);
});

test('only RUN, COPY and ADD that are not JSON have documents', () => {
  assert.equal(first('CMD a <<A').heredocs, []);
  assert.equal(first('RUN ["a", "<<A"]').heredocs, []);
  assert.equal(first('COPY ["<<A", "/b"]').heredocs, []);
});

test('a document ends at its name alone on a line', () => {
  assert.equal(first('RUN <<A <<B\n a\n A\nAA\nA\nb\nB\n').heredocs, [
    { name: 'A', expand: true, chomp: false, content: ' a\n A\nAA\n' },
    { name: 'B', expand: true, chomp: false, content: 'b\n' },
  ]);
  assert.equal(first('RUN <<-A\n\t\ta\n\tA').heredocs[0]?.content, '\t\ta\n');
  assert.equal(first('RUN <<A\r\na\r\nA\r\n').heredocs[0]?.content, 'a\r\n');
  assert.equal(first('RUN <<A\nA').heredocs[0]?.content, '');
});

test('what looks like instructions, comments and continuations within a document is its text', () => {
  const { stages } = parseDockerfile('FROM x\nRUN <<A\nFROM y\n# c\nb \\\n\nA\nUSER u');
  assert.is(stages.length, 1);
  assert.is(stages[0]!.instructions[0]!.heredocs[0]!.content, 'FROM y\n# c\nb \\\n\n');
  assert.equal(stages[0]!.instructions[0]!.line, { start: 2, end: 7 });
  assert.equal(stages[0]!.instructions[1]!.line, { start: 8, end: 8 });
});

test('a document without an end is refused, with the line that begins it', () => {
  assert.is(
    refused('RUN a\nRUN <<A\n1\n2'),
    'cannot build Dockerfile:3: the here-document A has no end | end it with a line that is A and nothing else',
  );
  assert.match(refused('COPY a <<A\nb\nA'), 'a here-document is no destination');
  assert.match(refused('COPY --from=b <<A /a\nb\nA'), 'a here-document comes from no stage');
});

test('a document alone is the command; with #! it is a file that runs', () => {
  assert.equal(form('RUN <<A\necho a\nA'), { form: 'shell', line: 'echo a\n' });
  assert.equal(form('RUN <<-A\n\techo a\n\tA'), { form: 'shell', line: 'echo a\n' });
  assert.equal(form('RUN --network=none <<"A"\n#!/bin/a\nb\nA'), {
    form: 'script',
    name: 'A',
    content: '#!/bin/a\nb\n',
  });
});

test('documents of a command are left to the shell', () => {
  assert.equal(form('RUN a <<A && b <<-"B"\n1\nA\n\t2\n\tB'), {
    form: 'shell',
    line: 'a <<A && b <<-"B"\n1\nA\n\t2\nB',
  });
  assert.equal(form('RUN a'), { form: 'shell', line: 'a' });
  assert.equal(form('RUN ["a"]'), { form: 'exec', argv: ['a'] });
});

test.run();
