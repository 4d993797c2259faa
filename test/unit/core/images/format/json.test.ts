import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PodError } from '../../../../../core/error.ts';
import { parseJson, parseOwnJson } from '../../../../../core/images/format/json.ts';

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

test.run();
