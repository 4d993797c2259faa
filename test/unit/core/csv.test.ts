import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { csvPairs } from '../../../core/csv.ts';

const fields = (line: string) =>
  csvPairs(line)?.map(([key, value]) => (value === undefined ? key : [key, value]));

test('fields are separated as by encoding/csv', () => {
  assert.equal(fields('a,b'), ['a', 'b']);
  assert.equal(fields('"a,b",c'), ['a,b', 'c']);
  assert.equal(fields('"a""b"'), ['a"b']);
  assert.equal(fields(',"",'), ['', '', '']);
  for (const bad of ['a"b', '"a', '"a"b', '"a"",b']) assert.is(fields(bad), undefined, bad);
});

test('a field is cut at its first equals sign', () => {
  assert.equal(fields('a=1,"b=2,=3",c=,=d,e'), [['a', '1'], ['b', '2,=3'], ['c', ''], ['', 'd'], 'e']);
});

test.run();
