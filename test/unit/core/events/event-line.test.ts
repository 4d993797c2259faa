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

test('what is no event is none', () => {
  const { length } = line;
  const bad = ['', 'null', '7', '[]', '{}', line.slice(0, 40), line.slice(0, length - 1), `${line}}`];
  bad.push(
    line.replace('"beef"', '7'),
    line.replace('1700000000,', '"1",'),
    line.replace('{"name":"w"}', 'null'),
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
