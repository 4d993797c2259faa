import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PodError } from '../../../../../core/error.ts';
import { parseJson, parseJsonList, parseOwnJson } from '../../../../../core/images/format/json.ts';

function document(strings: number): string {
  return `{"keys":[${Array.from({ length: strings - 1 }, () => '"a"').join()}]}`;
}

function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    assert.instance(error, PodError);
    return `${(error as PodError).message}: ${(error as PodError).why}`;
  }
  return 'nothing is thrown';
}

test('a document from outside is an object', () => {
  assert.equal(parseJson('{"a":1}', 'x'), { a: 1 });
  assert.equal(parseJson(Buffer.from('{"a":1}'), 'x'), { a: 1 });
  assert.is(
    messageOf(() => parseJson('[]', 'the thing')),
    'cannot use the thing: it is not a JSON object',
  );
  assert.is(
    messageOf(() => parseJson('{', 'the thing')),
    'cannot use the thing: it is not JSON',
  );
});

test('a document from outside may not have more strings than any image, our own may', () => {
  parseJson(document(50_000), 'x');
  assert.is(
    messageOf(() => parseJson(document(50_001), 'the thing')),
    'cannot use the thing: it has more than 50000 strings',
  );
  parseOwnJson(document(50_001), 'x');
});

test('a document from outside may be a hundred levels deep, and a million are no trouble', () => {
  const nested = (levels: number) => `{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`;
  parseJson(nested(99), 'x');
  for (const levels of [100, 1_000_000])
    assert.is(
      messageOf(() => parseJson(nested(levels), 'the thing')),
      'cannot use the thing: it is nested more than 100 levels deep',
    );
  assert.is(
    messageOf(() => parseJsonList(Buffer.from(`[${nested(99)}]`), 'the thing')),
    'cannot use the thing: it is nested more than 100 levels deep',
  );
});

test.run();
