import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compileTemplate, renderHeader, renderTemplate } from '../../../../cli/format/go-template.ts';
import { asMap } from '../../../../cli/format/values.ts';
import { PodError } from '../../../../core/error.ts';

const data = {
  Name: 'web',
  State: { Status: 'running', Pid: 42, OOMKilled: false, Health: null },
  Config: { Labels: { 'com.example.a': 'x', Big: 'y' }, Env: ['A=1', 'B=2'], Cmd: null, Volumes: {} },
  Ports: { '80/tcp': [{ HostIP: '0.0.0.0', HostPort: '8080' }], '53/udp': null },
  Size: 1234567,
  Load: 0.5,
  Empty: [],
  Label: (name: string) => ({ a: 'b' })[name],
  Lazy: () => 'made',
  Created: new Date('2024-02-03T04:05:06.700Z'),
};

function render(source: string, value: unknown = data): string {
  return renderTemplate(compileTemplate(source), value);
}

/** Each line: a template, and what Go 1.19 (podman 4.3.1 `version --format`) prints for it. */
function printsAsGo(cases: [string, string][]) {
  for (const [source, expected] of cases) assert.is(render(source), expected, source);
}

function refused(source: string, why: string | RegExp, hint?: string) {
  try {
    const text = render(source);
    assert.unreachable(`${source} gave ${text}`);
  } catch (error) {
    if (!(error instanceof PodError)) throw error;
    assert.is(error.code, 'usage');
    if (typeof why === 'string') assert.is(error.why, why);
    else assert.match(error.why ?? '', why);
    if (hint !== undefined) assert.is(error.hint, hint);
  }
}

test('fields are looked up along their path', () => {
  printsAsGo([
    ['{{.Name}}', 'web'],
    ['{{ .State.Status }} {{.State.Pid}} {{.State.OOMKilled}}', 'running 42 false'],
    ['{{(.State).Status}} {{(.State.Status)}}', 'running running'],
    ['{{$.Name}} {{$s := .State}}{{$s.Status}}', 'web running'],
    ['{{with .State}}{{.Status}} of {{$.Name}}{{end}}', 'running of web'],
  ]);
});

test('values print as Go prints them', () => {
  printsAsGo([
    ['{{.Config.Labels}}', 'map[Big:y com.example.a:x]'],
    ['{{.Config.Env}}', '[A=1 B=2]'],
    ['{{.Config.Cmd}} {{.Config.Volumes}} {{.Empty}}', '<nil> map[] []'],
    ['{{.State}}', '{running 42 false <nil>}'],
    ['{{.Ports}}', 'map[53/udp:<nil> 80/tcp:[{0.0.0.0 8080}]]'],
    ['{{.Size}} {{.Load}}', '1234567 0.5'],
    ['{{.Created}}', '2024-02-03 04:05:06.7 +0000 UTC'],
    [
      '{{1}} {{-1}} {{+1}} {{1.5}} {{.5}} {{1e3}} {{0x1F}} {{017}} {{0b11}} {{0o17}} {{1_000}} {{1e20}} {{1e21}}',
      '1 -1 1 1.5 0.5 1000 31 15 3 15 1000 1e+20 1e+21',
    ],
    ['{{1234567.5}} {{123456.5}} {{1e-5}} {{0.0001}} {{-0.0}}', '1.2345675e+06 123456.5 1e-05 0.0001 -0'],
    ['{{9007199254740993}} {{9223372036854775807}}', '9007199254740993 9223372036854775807'],
    ['{{true}} {{false}}', 'true false'],
    ["{{\"a\\tb\\x41\\u00fc\\101\\\"\\\\\"}}|{{`raw\\n`}}|{{'a'}}|{{'\\n'}}", 'a\tbAüA"\\|raw\\n|97|10'],
  ]);
});

test('a key that a map does not have is no value', () => {
  printsAsGo([
    ['{{.Config.Labels.missing}}', '<no value>'],
    ['{{.Config.Volumes.x.y.z}}', '<no value>'],
    ['{{index .Config.Labels "missing"}}|{{index .Ports "1/tcp"}}', '|<nil>'],
    ['{{if .Config.Labels.missing}}a{{else}}b{{end}}', 'b'],
  ]);
  assert.is(render('{{.Abc}}', asMap({ Xyz: 1 })), '<no value>');
  assert.is(render('{{.a}} {{.b}}', new Map([['a', 1]])), '1 <no value>');
  assert.is(render('{{.constructor}} {{.__proto__}}', {}), '<no value> <no value>');
});

test('a field that does not exist is refused, with the near one or the list', () => {
  refused('{{.Nmae}}', 'column 3: there is no field .Nmae', 'Did you mean .Name?');
  refused(
    '{{.State.Xyz}}',
    'column 3: there is no field .State.Xyz',
    'The fields are .Status .Pid .OOMKilled .Health',
  );
  refused('{{.name}}', 'column 3: there is no field .name', 'Did you mean .Name?');
  refused('{{.Name.X}}', 'column 3: .Name is string, it has no field X');
  refused('{{.State.Health.Status}}', 'column 3: .State.Health is nil, it has no field Status');
  refused('{{Name}}', 'column 3: there is no function "Name"', 'A field has a dot before it: .Name');
});

test('a field has its name in JSON, and its name in Go, which may differ in case', () => {
  assert.is(render('{{.Id}} {{.ID}}', { Id: 'abc', Size: 1 }), 'abc abc');
  assert.is(
    render('{{.Host.OS}} {{.Host.CpuCount}}', { host: { os: 'linux', 'a-b': 1 } }),
    'linux <no value>',
  );
  assert.is(render('{{.Labels.A}}', { Labels: { a: 'b' } }), '<no value>');
});

test('methods are called, with arguments or without', () => {
  printsAsGo([
    ['{{.Label "a"}} {{.Label "z"}} {{"a" | .Label}} {{.Lazy}} {{len .Lazy}}', 'b <no value> b made 4'],
    ['{{with .Label "a"}}{{.}}{{end}}', 'b'],
  ]);
  refused('{{.Name "x"}}', 'column 3: .Name takes no arguments');
  refused('{{"x" | .Name}}', 'column 9: .Name takes no arguments');
});

test('if, with and range choose by what is true', () => {
  printsAsGo([
    [
      '{{if true}}y{{end}}{{if false}}y{{else}}n{{end}}{{if 0}}a{{else if ""}}b{{else if 1}}c{{else}}d{{end}}',
      'ync',
    ],
    [
      '{{if .Empty}}y{{else}}n{{end}}{{if .Config.Volumes}}y{{else}}n{{end}}{{if .State}}y{{end}}{{if .State.Health}}y{{end}}',
      'nny',
    ],
    ['{{with 5}}{{.}}{{end}}{{with 0}}{{.}}{{else}}none{{end}}{{with $x := 3}}{{$x}}{{end}}', '5none3'],
    ['{{with 0}}a{{else with 2}}{{.}}{{end}}', '2'],
    ['{{and 1 2}} {{and 0 2}} {{or 0 "" 3}} {{or 0 ""}}| {{not 0}} {{not "a"}}', '2 0 3 | true false'],
    ['{{and 0 (index .Empty 7)}} {{or 1 (index .Empty 7)}} {{1 | and 1}}', '0 1 1'],
  ]);
});

test('range goes through lists and maps', () => {
  printsAsGo([
    ['{{range .Config.Env}}[{{.}}]{{end}}', '[A=1][B=2]'],
    ['{{range $i, $e := .Config.Env}}{{$i}}:{{$e}} {{end}}', '0:A=1 1:B=2 '],
    ['{{range $e := .Config.Env}}{{$e}};{{end}}', 'A=1;B=2;'],
    ['{{range $k, $v := .Config.Labels}}{{$k}}={{$v}},{{end}}', 'Big=y,com.example.a=x,'],
    [
      '{{range $p, $conf := .Ports}}{{$p}} -> {{range $conf}}{{.HostPort}}{{else}}-{{end}} {{end}}',
      '53/udp -> - 80/tcp -> 8080 ',
    ],
    ['{{range .Empty}}x{{else}}none{{end}}{{range .Config.Cmd}}x{{else}}none{{end}}', 'nonenone'],
    ['{{range split "a,b,c" ","}}{{if eq . "b"}}{{continue}}{{end}}{{.}}{{end}}', 'ac'],
    ['{{range split "a,b,c" ","}}{{if eq . "b"}}{{break}}{{end}}{{.}}{{end}}', 'a'],
    ['{{(index (index .Ports "80/tcp") 0).HostPort}}', '8080'],
  ]);
  refused('{{range 3}}x{{end}}', /^column 3: range can't go through int$/);
  refused('{{range .State}}x{{end}}', /range can't go through struct/);
});

test('variables have the scope of their block', () => {
  printsAsGo([
    ['{{$x := 1}}{{if true}}{{$x := 2}}{{$x}}{{end}}{{$x}}', '21'],
    ['{{$x := 1}}{{range split "a,b" ","}}{{$x = .}}{{end}}{{$x}}', 'b'],
    ['{{$x := "a"}}{{$y := printf "%s-%s" $x "b"}}{{$y | printf "%q"}}', '"a-b"'],
  ]);
  refused('{{$x}}', 'column 3: undefined variable $x');
  refused('{{$x = 1}}', /undefined variable \$x/);
  refused('{{if $x := 1}}{{$x}}{{end}}{{$x}}', 'column 30: undefined variable $x');
  refused('{{$x, $y := 1}}', /undefined variable|unexpected/);
});

test('trim marks and comments', () => {
  printsAsGo([
    ['a{{- 1 -}}  b  {{- 2}} c {{3 -}} d', 'a1b2 c 3d'],
    ['a  {{- /* comment */ -}}  b{{/* c */}}d', 'abd'],
    ['{{-1}}x {{- -1}}', '-1x-1'],
    ['a\n{{- "b" -}}\t\nc', 'abc'],
    ['x {{ 1   -}} y', 'x 1y'],
  ]);
  refused('{{/* a */ 1}}', /comment must end/);
  refused('{{/* unclosed }}', 'column 1: a comment is not closed');
});

test('backslash t and n outside of the braces are a tab and a newline', () => {
  printsAsGo([
    ['{{.Name}}\\t{{.Size}}\\n', 'web\t1234567\n'],
    ['{{"\\t"}}\\r\\\\', '\t\\r\\\\'],
  ]);
});

test('braces in text and in strings are left alone', () => {
  printsAsGo([
    ['a}}b', 'a}}b'],
    ['{ {{1}} }', '{ 1 }'],
    ['{{ "}}" }}{{ `{{}}` }}', '}}{{}}'],
    ['', ''],
    ['ü😀', 'ü😀'],
  ]);
});

test('pipes give their value to the last place', () => {
  printsAsGo([
    [
      '{{"a" | printf "%s-%s" "b"}} {{"x" | upper | lower | printf "%5s"}} {{1 | printf "%03d"}}',
      'b-a     x 001',
    ],
    ['{{.Config.Env | json | len | eq 13}}', 'true'],
    ['{{println "a" | printf "%q"}}', '"a\\n"'],
  ]);
});

test('comparisons', () => {
  printsAsGo([
    [
      '{{eq 1 1}} {{eq "a" "b" "a"}} {{ne 1 2}} {{lt 1 2}} {{le 2 2}} {{gt "b" "a"}} {{ge "a" "b"}} {{eq true true}}',
      'true true true true true true false true',
    ],
    ['{{eq .State.Health nil}} {{eq .Name nil}}', 'true false'],
  ]);
  refused('{{eq 1 "1"}}', `column 3: eq: int and string can't be compared`);
  refused('{{lt true false}}', /bool and bool have no order/);
  refused('{{eq .Config.Env .Config.Env}}', /can't be compared/);
});

test('functions of Go', () => {
  printsAsGo([
    [
      '{{len "ü"}} {{len .Config.Env}} {{len .Ports}} {{index "abc" 1}} {{slice "abcdef" 1 3}} {{slice "abc" 1}}',
      '2 2 2 98 bc bc',
    ],
    ['{{slice .Config.Env 1}} {{index .Config.Env 0}}', '[B=2] A=1'],
    [
      '{{print 1 2}}|{{print "a" "b"}}|{{print 1 "a" 2 3}}|{{println 1 "a" 2}}|{{println}}',
      '1 2|ab|1a2 3|1 a 2\n|\n',
    ],
    [
      `{{html "<a b=\\"c\\">&'"}} {{js "a<b>\\"'\\n=&\\\\"}} {{urlquery "a b&c/ü(!*'~-_."}}`,
      `&lt;a b=&#34;c&#34;&gt;&amp;&#39; a\\u003Cb\\u003E\\"\\'\\u000A\\u003D\\u0026\\\\ a+b%26c%2F%C3%BC%28%21%2A%27~-_.`,
    ],
  ]);
  refused('{{index .Config.Env 5}}', 'column 3: index: 5 is out of range, there are 2');
  refused('{{index .Config.Env -1}}', /out of range/);
  refused('{{slice "abc" 2 1}}', /out of range/);
  refused('{{len 5}}', 'column 3: len: int has no length');
  refused('{{index nil 1}}', /nothing to look into/);
  refused('{{call 1}}', /can't be called/);
});

test('functions of docker and podman', () => {
  printsAsGo([
    ['{{title "foo bar-baz qux_x 1a"}}|{{lower "ABCÜ"}}|{{upper "abcü"}}', 'Foo Bar-Baz Qux_x 1a|abcü|ABCÜ'],
    ['{{truncate "abcdef" 3}}|{{truncate "ab" 3}}|{{pad "x" 2 3}}|{{pad "" 2 3}}|', 'abc|ab|  x   ||'],
    [
      '{{join .Config.Env ","}} {{split "a,b" ","}} {{join (split "a,b" ",") "-"}} {{split "" ","}}',
      'A=1,B=2 [a b] a-b []',
    ],
    [
      '{{json "<>&\\"é"}} {{json 1}} {{json true}} {{json nil}} {{json .Config.Env}}',
      '"<>&\\"é" 1 true null ["A=1","B=2"]',
    ],
    [
      '{{json .State}} {{json .Config.Labels}}',
      '{"Status":"running","Pid":42,"OOMKilled":false,"Health":null} {"Big":"y","com.example.a":"x"}',
    ],
    ['{{json .Created}}', '"2024-02-03T04:05:06.700Z"'],
  ]);
  refused('{{lower 1}}', 'column 3: lower: it takes text, not int');
  refused('{{lower}}', 'column 3: lower takes 1 argument, not 0');
  refused('{{join .Name ","}}', /it takes a list, not string/);
});

test('json leaves methods with arguments out and calls the others', () => {
  assert.is(render('{{json .}}', { A: () => 1, B: (x: string) => x, C: 2n }), '{"A":1,"C":2}');
});

test('a format that is broken is refused, with the place', () => {
  const cases: [string, string][] = [
    ['{{.Name', 'column 1: an action is not closed, }} is missing'],
    ['ab {{', 'column 4: an action is not closed, }} is missing'],
    ['{{"abc}}', 'column 3: a string is not closed'],
    ['{{`abc}}', 'column 3: a string is not closed'],
    ['{{}}', 'column 3: a value is missing'],
    ['{{|}}', 'column 3: a value is missing'],
    ['{{print ()}}', 'column 10: a value is missing'],
    ['{{print (}}', 'column 10: unexpected "}}"'],
    ['{{print )}}', 'column 9: unexpected ")"'],
    ['{{if}}x{{end}}', 'column 5: a value is missing'],
    ['{{if true}}x', 'column 3: {{if}} has no {{end}}'],
    ['{{range .X}}{{else}}x', 'column 3: {{range}} has no {{end}}'],
    ['{{if true}}x{{else}}y{{else}}z{{end}}', 'column 24: a second {{else}}'],
    ['{{end}}', 'column 3: unexpected {{end}}'],
    ['a\n b{{else}}', 'line 2, column 5: unexpected {{else}}'],
    ['{{break}}', 'column 3: {{break}} outside of {{range}}'],
    ['{{range .X}}{{break 1}}{{end}}', 'column 21: unexpected "1" behind break'],
    ['{{1 2}}', 'column 3: arguments behind what is no function'],
    ['{{1 | 2}}', 'column 7: only a function can stand behind |'],
    ['{{. 1}}', 'column 3: arguments behind what is no function'],
    ['{{"a".b}}', 'column 3: this has no fields'],
    ['{{"a""b"}}', 'column 6: unexpected "b"'],
    ['{{print 1"a"}}', 'column 10: unexpected "a"'],
    ['{{1x}}', 'column 3: bad number 1x'],
    ['{{@}}', 'column 3: unexpected "@" in an action'],
    ["{{'ab'}}", "column 3: 'ab' is not one character"],
    ['{{"\\q"}}', 'column 3: unknown escape \\q in a string'],
    ['{{nil}}', 'column 3: nil is not a command'],
    ['{{lwoer "a"}}', 'column 3: there is no function "lwoer"'],
    ['{{template "x"}}', 'column 3: {{template}} has no use in a format'],
    ['{{range $i, $j, $k := .X}}{{end}}', 'column 9: undefined variable $i'],
  ];
  for (const [source, why] of cases) refused(source, why);
});

test('blocks and brackets within each other are bounded', () => {
  refused(`${'{{if 1}}'.repeat(100_000)}`, /nested too deeply/);
  refused(`{{${'('.repeat(100_000)}`, /is not closed|nested too deeply/);
  refused(`{{${'('.repeat(300)}1${')'.repeat(300)}}}`, /nested too deeply/);
  assert.is(render(`{{${'('.repeat(100)}1${')'.repeat(100)}}}`), '1');
  refused(`{{if 0}}${'{{else if 0}}'.repeat(5000)}{{end}}`, /nested too deeply/);
});

test('values from outside can be escaped, the text of the format is not', () => {
  const template = compileTemplate('\u001b[1m{{.}}');
  assert.is(
    renderTemplate(template, '\u001b[2J', { escape: (text) => text.replace('\u001b', '?') }),
    '\u001b[1m?[2J',
  );
});

test('headers come from the fields of the template', () => {
  const headers = { ID: 'CONTAINER ID' };
  const headerOf = (source: string) => renderHeader(compileTemplate(source), headers);
  assert.is(headerOf('{{.ID}}\\t{{.CreatedAt}}\\t{{.Names}}'), 'CONTAINER ID\tCREATED AT\tNAMES');
  assert.is(
    headerOf('{{json .ID}} {{.State.OOMKilled}} {{truncate .ID 3}} {{upper .Names}}'),
    'CONTAINER ID OOM KILLED CONTAINER ID NAMES',
  );
  assert.is(headerOf('{{.Label "com.example.my-key"}}'), 'my key');
  assert.is(
    headerOf('{{if eq .State "x"}}{{.ID}}{{end}}{{range .Ports}}{{.Port}}{{end}}'),
    'CONTAINER IDPORT',
  );
  assert.is(headerOf('{{printf "%.3s" .ID}} {{pad .Names 1 1}} {{len .Names}}'), 'CON  NAMES  NAMES');
});

/** A small generator that gives the same numbers on each run (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const pieces = (
  '{{|}}|{{-| -}}|if|else|end|range|with|break|continue|define|.|.Name|.State|.Ports|$|$x|:=|=|,|(|)| |  |\n|"a"|"|`|\\|' +
  '\'a\'|\'|1|-1|1.5|0x|1e|.5|nil|true|printf|"%s"|"%[9]*.*d"|"%1000000d"|len|index|slice|eq|lt|and|or|not|json|join|split|' +
  'truncate|pad|call|html|/*|*/|{{/* */}}|text|\\t|ü|\u0000|{{end}}|{{else}}|{{if .Name}}|{{range .Ports}}|{{.Label "a"}}'
)
  .split('|')
  .concat('|');

test('no format makes anything but text or a refusal', () => {
  const random = randomFrom(20240607);
  for (let round = 0; round < 30_000; round++) {
    const count = 1 + Math.floor(random() * 14);
    let source = random() < 0.5 ? '{{' : '';
    for (let index = 0; index < count; index++) {
      source += pieces[Math.floor(random() * pieces.length)];
      if (random() < 0.3) source += ' ';
    }
    if (random() < 0.7) source += '}}';
    try {
      assert.type(render(source), 'string');
      assert.type(renderHeader(compileTemplate(source), {}), 'string');
    } catch (error) {
      if (!(error instanceof PodError))
        throw new Error(`${JSON.stringify(source)}: ${error}`, { cause: error });
      assert.is(error.code, 'usage');
      assert.match(error.why ?? '', /^(line \d+, )?column \d+: /);
    }
  }
});

test.run();
