import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Json, JsonError, parseStrictJson } from '../../../../core/config/strict-json.ts';

/** Maps as the objects that JSON.parse gives. */
function plain(value: Json): unknown {
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([name, one]) => [name, plain(one)] as const));
  return Array.isArray(value) ? value.map(plain) : value;
}

const same = [
  ...['{}', '[]', '""', '0', '-0', '-1.5e+10', '1E5', 'true', 'false', 'null', ' \r\n\t{ } '],
  ...['{"a":{"b":[1,"2",null,{"c":[]}]},"":"\\u00e4\\n\\"\\\\\\/"}', '{"__proto__":1}', '"\\ud83d\\ude00"'],
  ...['', ' ', '{', '}', '{]', '[1,]', '[,1]', '{"a"}', '{"a":}', '{"a":1,}', "{'a':1}", '{a:1}', '01', '1.'],
  ...[
    '.5',
    '+1',
    '1e',
    '-',
    'tru',
    'truex',
    'NaN',
    '"\n"',
    '"\\x"',
    '"\\u12"',
    '"',
    '[1 2]',
    '{} {}',
    '\u00a01',
  ],
];

test('it reads what JSON.parse reads, and refuses what that refuses', () => {
  for (const text of same) {
    let expected: unknown;
    try {
      expected = JSON.parse(text);
    } catch {
      assert.throws(
        () => parseStrictJson(text),
        (error: unknown) => error instanceof JsonError,
        text,
      );
      continue;
    }
    assert.equal(plain(parseStrictJson(text)), expected, text);
  }
});

test('a name that is given twice is refused, also in other letters of the same name', () => {
  assert.throws(() => parseStrictJson('{"a":1,\n "a":2}'), /^line 2, column 2: a name is given twice$/);
  assert.throws(() => parseStrictJson('{"a":1,"\\u0061":2}'), /twice/);
  assert.equal(plain(parseStrictJson('[{"a":1},{"a":2}]')), [{ a: 1 }, { a: 2 }]);
});

test('what is nested without end is refused', () => {
  assert.throws(() => parseStrictJson('['.repeat(100_000)), /nested too deeply/);
});

test.run();
