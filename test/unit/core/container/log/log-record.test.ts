import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createLogParser, type LogFormat } from '../../../../../core/container/log/log-record.ts';

function parse(
  format: LogFormat,
  ...chunks: (string | Buffer)[]
): [time: string, stream: string, text: string, ended: boolean][] {
  const parser = createLogParser(format);
  return chunks
    .flatMap((chunk) => parser(Buffer.from(chunk)))
    .map(({ time, stream, text, ended }) => [time, stream, text.toString('latin1'), ended]);
}

test('a k8s-file has a time, a stream, whole or partial, and the bytes', () => {
  assert.equal(parse('k8s-file', 'T1 stdout F a b\nT2 stderr P  x \nT3 stdout F \n'), [
    ['T1', 'stdout', 'a b', true],
    ['T2', 'stderr', ' x ', false],
    ['T3', 'stdout', '', true],
  ]);
});

test('bytes are bytes, but for the newline', () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i).filter((byte) => byte !== 10));
  assert.equal(parse('k8s-file', Buffer.concat([Buffer.from('T stdout F '), bytes, Buffer.from('\n')])), [
    ['T', 'stdout', bytes.toString('latin1'), true],
  ]);
});

test('however a log is cut, the records are the same', () => {
  const logs = {
    'k8s-file': 'T stdout F one\nT stderr P tw\nT stderr F o\n',
    'json-file': '{"log":"one\\n","stream":"stdout","time":"T"}\n{"log":"tw","stream":"stderr","time":"T"}\n',
  };
  for (const [format, log] of Object.entries(logs) as [LogFormat, string][]) {
    const whole = parse(format, log);
    for (let at = 0; at <= log.length; at++)
      assert.equal(parse(format, log.slice(0, at), log.slice(at)), whole);
    assert.equal(parse(format, ...log), whole);
  }
});

test('a record without its end is not there yet', () => {
  assert.equal(parse('k8s-file', 'T stdout F one\nT stdout F tw'), [['T', 'stdout', 'one', true]]);
});

test('lines that are no records are passed over', () => {
  assert.equal(parse('k8s-file', '\n \n  \nT stdout\nT stdin F x\nT  F x\n\0\0\0\nT stdout F ok\n'), [
    ['T', 'stdout', 'ok', true],
  ]);
  const lines = [
    '',
    '{',
    'null',
    '5',
    '[]',
    '{}',
    '{"log":5,"stream":"stdout","time":"T"}',
    '{"log":"x"}',
    '{"log":"x","stream":"other","time":"T"}',
    '{"log":"x","stream":"stdout","time":1}',
    '{"log":"ok\\n","stream":"stdout","time":"T"}',
  ];
  assert.equal(parse('json-file', `${lines.join('\n')}\n`), [['T', 'stdout', 'ok', true]]);
});

test('a json-file may say whether a line ended', () => {
  assert.equal(
    parse(
      'json-file',
      '{"log":"a\\nb","stream":"stderr","time":"T","attrs":{}}\n{"log":"\\n","stream":"stdout","time":"T"}\n',
    ),
    [
      ['T', 'stderr', 'a\nb', false],
      ['T', 'stdout', '', true],
    ],
  );
});

test.run();
