import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { dockerEventJson, readEventLine } from '../../../../core/events/event-line.ts';

const line =
  '{"time":1700000000,"timeNano":1700000000123456789,"status":"die","Action":"die","id":"beef","from":"a","scope":"local","Type":"container","Actor":{"ID":"beef","Attributes":{"name":"w"}}}';

test('nanoseconds survive, and the object is docker’s', () => {
  const event = readEventLine(line)!;
  assert.is(event.timeNano, 1700000000123456789n);
  assert.is(
    dockerEventJson(event),
    '{"status":"die","id":"beef","from":"a","Type":"container","Action":"die","Actor":{"ID":"beef","Attributes":{"name":"w"}},"scope":"local","time":1700000000,"timeNano":1700000000123456789}',
  );
});

test("attributes that are called or say timeNano don't tell the time, wherever it stands", () => {
  const named = line
    .replace('"timeNano":1700000000123456789,', '')
    .replace('{"name":"w"}', String.raw`{"timeNano":"5","\"timeNano":"6,","name":"\"timeNano\":7,"}`);
  assert.is(readEventLine(named), undefined);
  const event = readEventLine(named.replace(/\}$/, ',"timeNano":1700000000123456789}'))!;
  assert.is(event.timeNano, 1700000000123456789n);
  assert.equal(event.attributes, { timeNano: '5', '"timeNano': '6,', name: '"timeNano":7,' });
});

test('what is no event is none', () => {
  const { length } = line;
  const bad = ['', 'null', '7', '[]', '{}', line.slice(0, 40), line.slice(0, length - 1), `${line}}`];
  bad.push(
    line.replace('"beef"', '7'),
    line.replace('1700000000,', '"1",'),
    line.replace('{"name":"w"}', 'null'),
    line.replace('123456789,', '123456789.5,'),
    line.replace('123456789,', `${'9'.repeat(20)},`),
  );
  for (const text of bad) assert.is(readEventLine(text), undefined, text);
});

test('the event behind the remains of another is found', () => {
  const cut = line.slice(0, 100);
  assert.equal(readEventLine(cut + line), readEventLine(line));
  assert.equal(readEventLine(`${cut}${cut}\0\xff${line}`), readEventLine(line));
  const named = line.replace('{"name":"w"}', '{"time":"w"}');
  assert.equal(readEventLine(cut + named), readEventLine(named));
  assert.is(readEventLine(cut), undefined);
  assert.is(readEventLine(line + cut), undefined);
});

test.run();
