import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { quote, sprintf } from '../../../../cli/format/printf.ts';

/** What Go 1.19's fmt.Sprintf prints, taken from `podman version --format '{{printf ...}}'`. */
const cases: [format: string, args: unknown[], expected: string][] = [
  ['%s %d %v %t', ['a', 1, 'b', true], 'a 1 b true'],
  ['%05s|%-05d|%+d|%x|%X|% x|%#x', ['a', 3, 4, 255, 'hi', 'hi', 255], '0000a|3    |+4|ff|6869|68 69|0xff'],
  [
    '%q|%6.2f|%t|%v|%08.3f|%+v|%#v',
    ['q"', 1.5, true, null, 1.23456, 'x', 'y'],
    '"q\\""|  1.50|true|<nil>|0001.235|x|"y"',
  ],
  [
    '%U|%c|%e|%g|%.3g|%T',
    [128512, 65, 1234.5678, 1e21, 1234.5, 1],
    'U+1F600|A|1.234568e+03|1e+21|1.23e+03|int',
  ],
  ['%5t|%o|%#o|%O|%b|%.2s', [false, 8, 8, 8, 5, 'abc'], 'false|10|010|0o10|101|ab'],
  ['%s|%d|%!|%z|%%', [5, 'str', 1], '%!s(int=5)|%!d(string=str)|%!!(int=1)|%!z(MISSING)|%'],
  ['%[2]d %[1]d', [1, 2], '2 1'],
  ['%*d|%-*d|', [5, 3, 4, 7], '    3|7   |'],
  ['%.*f|%[3]*.[2]*[1]f', [2, 1.23456, 8], '1.23|%!(BADPREC)2.000000'],
  ['%d', [1, 2, null, 'x'], '1%!(EXTRA int=2, <nil>, string=x)'],
  ['%s|%', [], '%!s(MISSING)|%!(NOVERB)'],
  ['%[5]d', [1], '%!d(BADINDEX)'],
  ['%v|%q|%d|%5v', [['a', 'b'], ['a', 'b'], ['a'], ['a']], '[a b]|["a" "b"]|[%!d(string=a)]|[    a]'],
  ['%q%+q%#q', [39, 'ü', 'a b'], `'\\''"\\u00fc"\`a b\``],
  ['%05d|%x|%6.3d|%+.2e', [-3, -255, 7, 12345.678], '-0003|-ff|   007|+1.23e+04'],
  ['%s|%d|%d|%s', [null, true, 2.5, 2.5], '%!s(<nil>)|%!d(bool=true)|%!d(float64=2.5)|%!s(float64=2.5)'],
  ['%.2f %.2f %.0f %.0f %.0f %.1f', [0.125, 0.375, 0.5, 1.5, 2.5, 0.25], '0.12 0.38 0 2 2 0.2'],
  ['%.0f %.2f %.1f', [-2.5, -0.125, -0.25], '-2 -0.12 -0.2'],
  [
    '%.3g %.3g %.3g %.4g %.3g %g',
    [1.125, 1e5, 0.00001234, 999.96, 999.9, 1e5],
    '1.12 1e+05 1.23e-05 1000 1e+03 100000',
  ],
  ['%+d %+d % d', [5, -5, 7], '+5 -5  7'],
  ['%3c|%-3c|%q', [120, 121, 122], "  x|y  |'z'"],
  ['%-10s|%10s|%.3s|%10.3s', ['hello', 'hello', 'hello', 'hello'], 'hello     |     hello|hel|       hel'],
  [
    '%x %X % X %# x',
    ['hello', 'hello', 'hello', 'hello'],
    '68656c6c6f 68656C6C6F 68 65 6C 6C 6F 0x68 0x65 0x6c 0x6c 0x6f',
  ],
  ['%6v|%-6v|%06v', [1, 'a', 2], '     1|a     |000002'],
  ['%q', ['a\nb\x00ü😀\u202e'], '"a\\nb\\x00ü😀\\u202e"'],
  ['%5s|%-5s|', ['ü', '😀'], '    ü|😀    |'],
  ['%v %v', [{ a: 1 }, 10n ** 20n], 'map[a:1] 100000000000000000000'],
  ['no verbs', [], 'no verbs'],
  ['', [1], '%!(EXTRA int=1)'],
];

for (const [format, args, expected] of cases)
  test(`${JSON.stringify(format)} prints as Go prints it`, () => {
    assert.is(sprintf(format, args), expected);
  });

test('a width that would fill the memory is refused', () => {
  assert.is(sprintf('%1000000000d', [1]), '%!(BADWIDTH)1');
  assert.is(sprintf('%.1000000000d', [1]), '%!(BADPREC)1');
  assert.is(sprintf('%*d', [1e9, 1]), '%!(BADWIDTH)1');
});

test('quote escapes what does not print', () => {
  assert.is(quote('a"\\\t\u007f\u00ad \u00a0'), '"a\\"\\\\\\t\\x7f\\u00ad \\u00a0"');
});

test.run();
