import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseBlockYaml, YamlError, type YamlTable } from '../../../../core/config/block-yaml.ts';

const plain = (table: YamlTable): unknown =>
  Object.fromEntries(
    [...table].map(([key, value]) => [key, typeof value === 'string' ? value : plain(value)]),
  );

test('mappings of mappings, scalars of all kinds, comments', () => {
  const text = `---
# a comment
default-docker:
  lookaside: file:///var/lib/sigstore   # and one behind

docker:
    registry.example.com:
        lookaside: "https://a.example.com/\\u0062"
        use-sigstore-attachments: true
    localhost:5000/ns:tag:
        lookaside: 'it''s'
    'quoted':
      lookaside-staging: http://x:1/#part
`;
  assert.equal(plain(parseBlockYaml(text)), {
    'default-docker': { lookaside: 'file:///var/lib/sigstore' },
    docker: {
      'registry.example.com': { lookaside: 'https://a.example.com/b', 'use-sigstore-attachments': 'true' },
      'localhost:5000/ns:tag': { lookaside: "it's" },
      quoted: { 'lookaside-staging': 'http://x:1/#part' },
    },
  });
  assert.equal(plain(parseBlockYaml('')), {});
  assert.equal(plain(parseBlockYaml('docker:\nx:\n')), { docker: {}, x: {} });
});

test('JSON is YAML', () => {
  assert.equal(plain(parseBlockYaml('{"docker": {"a": {"lookaside": "x"}}}')), {
    docker: { a: { lookaside: 'x' } },
  });
});

test('what else YAML has is refused with its line, never misread', () => {
  const cases: [string, RegExp][] = [
    ['a: [1]', /line 1: only plain and quoted/],
    ['a: {b: c}', /line 1: only/],
    ['\na: |\n  text', /line 2: only/],
    ['a: &x b', /line 1: only/],
    ['a: *x', /line 1: only/],
    ['a: !!str b', /line 1: only/],
    ['- a', /line 1: "key: value" is expected/],
    ['a:\n  - b', /line 2: "key: value"/],
    ['text', /line 1: "key: value"/],
    ['a:\n\tb: c', /line 2: it is indented with a tab/],
    ['a: 1\n  b: 2', /line 2: its indentation/],
    ['a:\n    b: 1\n  c: 2', /line 3: its indentation/],
    ['a: 1\na: 2', /line 2: "a" is given twice/],
    ['a: b: c', /line 1: a value holds/],
    ['a: "b', /line 1: only/],
    ['? a', /line 1: "key: value"/],
    ['{"a": [', /line 1: it begins as JSON/],
  ];
  for (const [text, expected] of cases) {
    try {
      assert.unreachable(JSON.stringify(plain(parseBlockYaml(text))));
    } catch (error) {
      assert.instance(error, YamlError, text);
      assert.match((error as Error).message, expected);
    }
  }
});

test.run();
