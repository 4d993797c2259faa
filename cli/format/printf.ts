import { toFixedEven } from './round.ts';
import { display, displayNumber, entriesOf, isMap, typeName } from './values.ts';

interface Spec {
  minus: boolean;
  plus: boolean;
  sharp: boolean;
  space: boolean;
  zero: boolean;
  width: number | undefined;
  precision: number | undefined;
}

/** Go's bound on widths and precisions (fmt, tooLarge). */
const widest = 1_000_000;

/**
 * fmt.Sprintf: the verbs that have a meaning for text, numbers, booleans, slices and maps, with flags, width,
 * precision, `*` and `[n]`. What does not fit is shown as Go shows it: `%!d(string=x)`, `%!s(MISSING)`,
 * `%!(EXTRA int=1)`.
 */
export function sprintf(format: string, args: readonly unknown[]): string {
  let used = 0;
  let reordered = false;
  const takeArg = (): unknown => args[used++];
  const pattern =
    /%([-+# 0]*)(?:(?:\[(\d+)\])?(\*)|(\d+))?(?:(\.)(?:(?:\[(\d+)\])?(\*)|(\d+))?)?(?:\[(\d+)\])?([\s\S]?)/gu;
  const replaced = format.replace(
    pattern,
    (_, flags, widthAt, widthStar, width, dot, precisionAt, precisionStar, precision, at, verb) => {
      const jump = (index: string | undefined) => {
        if (index === undefined) return;
        reordered = true;
        used = Number(index) - 1;
      };
      const spec: Spec = {
        minus: flags.includes('-'),
        plus: flags.includes('+'),
        sharp: flags.includes('#'),
        space: flags.includes(' '),
        zero: flags.includes('0') && !flags.includes('-'),
        width: width === undefined ? undefined : Number(width),
        precision: precision === undefined ? (dot === undefined ? undefined : 0) : Number(precision),
      };
      let trouble = '';
      if (widthStar) {
        jump(widthAt);
        const wanted = takeArg();
        if (isCount(wanted)) spec.width = wanted;
        else trouble += '%!(BADWIDTH)';
        if (spec.width !== undefined && spec.width < 0)
          Object.assign(spec, { width: -spec.width, minus: true, zero: false });
      }
      if (precisionStar) {
        jump(precisionAt);
        const wanted = takeArg();
        spec.precision = isCount(wanted) && wanted >= 0 ? wanted : undefined;
        if (!isCount(wanted) || wanted < 0) trouble += '%!(BADPREC)';
      }
      if ((spec.width ?? 0) > widest) [spec.width, trouble] = [undefined, `${trouble}%!(BADWIDTH)`];
      if ((spec.precision ?? 0) > widest) [spec.precision, trouble] = [undefined, `${trouble}%!(BADPREC)`];
      jump(at);
      if (verb === '') return `${trouble}%!(NOVERB)`;
      if (verb === '%') return `${trouble}%`;
      if (used < 0 || used >= args.length)
        return `${trouble}%!${verb}(${at === undefined ? 'MISSING' : 'BADINDEX'})`;
      return trouble + formatValue(takeArg(), verb, spec);
    },
  );
  if (reordered || used >= args.length) return replaced;
  const extra = args
    .slice(used)
    .map((value) => (value == null ? '<nil>' : `${typeName(value)}=${display(value)}`));
  return `${replaced}%!(EXTRA ${extra.join(', ')})`;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= widest;
}

function formatValue(value: unknown, verb: string, spec: Spec): string {
  if (verb === 'T') return pad(typeName(value), spec);
  if (value === undefined || value === null) return verb === 'v' ? pad('<nil>', spec) : `%!${verb}(<nil>)`;
  if (Array.isArray(value)) return `[${value.map((item) => formatValue(item, verb, spec)).join(' ')}]`;
  if (typeof value === 'object' && !(value instanceof Date)) {
    const inside = (item: unknown) => formatValue(item, verb, spec);
    if (!isMap(value)) return `{${Object.values(value).map(inside).join(' ')}}`;
    return `map[${entriesOf(value)
      .map(([key, item]) => `${inside(key)}:${inside(item)}`)
      .join(' ')}]`;
  }
  const text = scalar(value, verb, spec);
  return text ?? `%!${verb}(${typeName(value)}=${display(value)})`;
}

/** undefined where the verb does not fit the value. */
function scalar(value: unknown, verb: string, spec: Spec): string | undefined {
  if (typeof value === 'boolean') return verb === 'v' || verb === 't' ? pad(String(value), spec) : undefined;
  if (typeof value === 'string') return formatString(value, verb, spec);
  if (typeof value === 'number' || typeof value === 'bigint') return formatNumber(value, verb, spec);
  return verb === 'v' || verb === 's' ? pad(display(value), spec) : undefined;
}

function formatString(value: string, verb: string, spec: Spec): string | undefined {
  const cut = spec.precision === undefined ? value : [...value].slice(0, spec.precision).join('');
  if (verb === 'v' && spec.sharp) return pad(quote(value), spec);
  if (verb === 'v' || verb === 's') return pad(cut, spec);
  if (verb === 'q')
    return pad(
      spec.sharp && !/[`\x00-\x08\x0a-\x1f\x7f]/.test(cut) ? `\`${cut}\`` : quote(cut, spec.plus),
      spec,
    );
  if (verb !== 'x' && verb !== 'X') return undefined;
  const bytes = Buffer.from(value).subarray(0, spec.precision ?? Number.POSITIVE_INFINITY);
  const pairs = [...bytes].map((byte) => byte.toString(16).padStart(2, '0'));
  const prefix = spec.sharp && pairs.length > 0 ? '0x' : '';
  const hex = prefix + pairs.join(spec.space ? ` ${prefix}` : '');
  return pad(verb === 'X' ? hex.toUpperCase() : hex, spec);
}

const bases = new Map([
  ['d', 10],
  ['x', 16],
  ['X', 16],
  ['o', 8],
  ['O', 8],
  ['b', 2],
]);
const prefixes = new Map([
  ['x', '0x'],
  ['X', '0X'],
  ['o', '0'],
  ['b', '0b'],
]);

function formatNumber(value: number | bigint, verb: string, spec: Spec): string | undefined {
  const whole = typeof value === 'bigint' || Number.isInteger(value);
  const base = bases.get(verb === 'v' ? 'd' : verb);
  if (whole && base !== undefined) return formatInteger(BigInt(value), verb, base, spec);
  if (whole && (verb === 'c' || verb === 'q' || verb === 'U')) return formatRune(Number(value), verb, spec);
  const decimal = formatFloat(Number(value), verb, spec.precision);
  if (decimal === undefined) return undefined;
  const sign = decimal.startsWith('-') ? '-' : spec.plus ? '+' : spec.space ? ' ' : '';
  return padSigned(sign, decimal.replace(/^[-+]/, ''), spec);
}

function formatInteger(value: bigint, verb: string, base: number, spec: Spec): string {
  const sign = value < 0n ? '-' : spec.plus ? '+' : spec.space ? ' ' : '';
  let digits = (value < 0n ? -value : value).toString(base);
  if (spec.precision === 0 && value === 0n) digits = '';
  digits = digits.padStart(spec.precision ?? 0, '0');
  if (verb === 'X') digits = digits.toUpperCase();
  const prefix = verb === 'O' ? '0o' : spec.sharp ? (prefixes.get(verb) ?? '') : '';
  return padSigned(sign + prefix, digits, spec.precision === undefined ? spec : { ...spec, zero: false });
}

function formatRune(code: number, verb: string, spec: Spec): string {
  const valid = code >= 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
  const character = String.fromCodePoint(valid ? code : 0xfffd);
  if (verb === 'c') return pad(character, spec);
  if (verb === 'U') return pad(`U+${code.toString(16).toUpperCase().padStart(4, '0')}`, spec);
  return pad(`'${quote(character).slice(1, -1).replace('\\"', '"').replace("'", "\\'")}'`, spec);
}

function formatFloat(value: number, verb: string, precision: number | undefined): string | undefined {
  const upper = (text: string) => (verb === verb.toUpperCase() ? text.toUpperCase() : text);
  if (!Number.isFinite(value)) return 'vfFeEgG'.includes(verb) ? displayNumber(value) : undefined;
  const longest = Math.min(precision ?? 6, 100);
  if (verb === 'f' || verb === 'F') return toFixedEven(value, longest);
  if (verb === 'e' || verb === 'E') return upper(twoDigitExponent(value.toExponential(longest)));
  if (verb !== 'v' && verb !== 'g' && verb !== 'G') return undefined;
  if (precision === undefined) return upper(displayNumber(value));
  const digits = Math.max(1, Math.min(precision, 100));
  const exponent = Number(value.toExponential(digits - 1).split('e')[1]);
  const shortest = (text: string) => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);
  if (exponent >= -4 && exponent < digits)
    return shortest(toFixedEven(value, Math.min(100, digits - 1 - exponent)));
  const [mantissa = '', power = ''] = value.toExponential(digits - 1).split('e');
  return upper(twoDigitExponent(`${shortest(mantissa)}e${power}`));
}

function twoDigitExponent(text: string): string {
  return text.replace(/e([-+])(\d)$/, 'e$10$2');
}

function padSigned(sign: string, digits: string, spec: Spec): string {
  if (spec.zero && spec.width !== undefined) return sign + digits.padStart(spec.width - sign.length, '0');
  return pad(sign + digits, spec);
}

/** Widths count characters, as Go counts runes. */
function pad(text: string, spec: Spec): string {
  const missing = (spec.width ?? 0) - [...text].length;
  if (missing <= 0) return text;
  const filling = (spec.zero ? '0' : ' ').repeat(missing);
  return spec.minus ? text + filling : filling + text;
}

const escapes = new Map(
  Object.entries({
    '\x07': '\\a',
    '\b': '\\b',
    '\f': '\\f',
    '\n': '\\n',
    '\r': '\\r',
    '\t': '\\t',
    '\v': '\\v',
    '"': '\\"',
    '\\': '\\\\',
  }),
);

/** strconv.Quote, or strconv.QuoteToASCII. */
export function quote(text: string, ascii = false): string {
  const body = Array.from(text, (character) => {
    const known = escapes.get(character);
    if (known) return known;
    const code = character.codePointAt(0)!;
    const printable = character === ' ' || !/[\p{C}\p{Z}]/u.test(character);
    if (printable && !(ascii && code > 0x7e)) return character;
    if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`;
    return code < 0x10000
      ? `\\u${code.toString(16).padStart(4, '0')}`
      : `\\U${code.toString(16).padStart(8, '0')}`;
  });
  return `"${body.join('')}"`;
}
