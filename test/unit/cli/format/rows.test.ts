import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { formatList, formatObject, type Listing } from '../../../../cli/format/rows.ts';
import { PodError } from '../../../../core/error.ts';

const rows = [
  { ID: 'a1', Names: 'web', Status: 'Up 5 minutes', Labels: { x: '1' } },
  { ID: 'b2', Names: 'a-longer-name', Status: 'Exited (0) 2 hours ago', Labels: {} },
];

function list(format: string | undefined, changes: Partial<Listing> = {}): string {
  return formatList(format, {
    rows,
    columns: '{{.ID}}\t{{.Status}}\t{{.Names}}',
    headers: { ID: 'CONTAINER ID' },
    terminal: false,
    ...changes,
  });
}

const usual = `CONTAINER ID   STATUS                   NAMES
a1             Up 5 minutes             web
b2             Exited (0) 2 hours ago   a-longer-name
`;

test('without a format, with an empty one and with table the usual table is shown', () => {
  assert.is(list(undefined), usual);
  assert.is(list(''), usual);
  assert.is(list('table'), usual);
});

test('JSON stays JSON, and its strings control no terminal: not by C1, not by marks of direction', () => {
  const Names = '\x1b]0;x\x07 \u009b31m \u202e \u2028';
  const text = String.raw`\u001b]0;x\u0007 \u009b31m \u202e \u2028`;
  for (const terminal of [false, true]) {
    const shown = list('json', { rows: [{ Names }], terminal });
    assert.is(shown, `{"Names":"${text}"}\n`);
    assert.equal(JSON.parse(shown), { Names });
    assert.is(list('{{json .Names}}', { rows: [{ Names }], terminal }), `"${text}"\n`);
    assert.is(formatObject('json', { Names }, terminal), `{\n  "Names": "${text}"\n}\n`);
  }
});

test('without rows the heading stands alone, and without the heading nothing', () => {
  assert.is(list(undefined, { rows: [] }), 'CONTAINER ID   STATUS    NAMES\n');
  assert.is(list(undefined, { rows: [], noHeading: true }), '');
  assert.is(
    list(undefined, { noHeading: true }),
    'a1        Up 5 minutes             web\nb2        Exited (0) 2 hours ago   a-longer-name\n',
  );
});

test('a table of one`s own has the names of its columns', () => {
  assert.is(
    list('table {{.Names}}\\t{{.ID}}'),
    'NAMES           CONTAINER ID\nweb             a1\na-longer-name   b2\n',
  );
  assert.is(list('table {{.ID}}: {{.Names}}'), 'CONTAINER ID: NAMES\na1: web\nb2: a-longer-name\n');
});

test('a template is a line for each row', () => {
  assert.is(list('{{.ID}} {{.Labels}}'), 'a1 map[x:1]\nb2 map[]\n');
  assert.is(list('{{.ID}}', { rows: [] }), '');
  assert.is(list(' {{.ID}}'), ' a1\n b2\n');
});

test('a range over all makes one text of the list', () => {
  assert.is(list('{{range .}}{{.ID}},{{end}}'), 'a1,b2,\n');
  assert.is(list('{{- range $i, $row := . -}}{{$i}}{{$row.ID}}\\n{{end}}'), '0a1\n1b2\n');
});

test('json is one object a line, or one array', () => {
  assert.is(
    list('json'),
    '{"ID":"a1","Names":"web","Status":"Up 5 minutes","Labels":{"x":"1"}}\n' +
      '{"ID":"b2","Names":"a-longer-name","Status":"Exited (0) 2 hours ago","Labels":{}}\n',
  );
  assert.equal(JSON.parse(list('json', { json: 'array' })), rows);
  assert.is(list('json', { rows: [], json: 'array' }), '[]\n');
  assert.is(list('json', { rows: [] }), '');
});

test('values cannot break a table nor control a terminal', () => {
  const hostile = [{ ID: 'a\tb\n\u001b[2J', Names: 'x\u202ey', Status: '' }];
  assert.is(
    list('table {{.ID}}\\t{{.Names}}', { rows: hostile }),
    'CONTAINER ID    NAMES\na\\tb\\n\\x1b[2J   x\\u202ey\n',
  );
  assert.is(list('{{.ID}}', { rows: hostile, terminal: true }), 'a\tb\n\\x1b[2J\n');
  assert.is(list('{{.ID}}', { rows: hostile }), 'a\tb\n\u001b[2J\n');
  assert.is(list('json', { rows: [{ A: '\u009b' }], terminal: true }), '{"A":"\\u009b"}\n');
});

test('a broken format is refused even when there is nothing to list', () => {
  for (const format of ['{{.', 'table {{.ID'])
    assert.throws(
      () => list(format, { rows: [] }),
      (error: unknown) => error instanceof PodError,
    );
});

test('one object is a template or indented json', () => {
  assert.is(formatObject('{{.A}}', { A: 1 }, false), '1\n');
  assert.is(formatObject('json', { A: 1 }, false), '{\n  "A": 1\n}\n');
});

test.run();
