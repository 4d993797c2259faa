import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ago, bytesSize, humanDuration, humanSize, shortId } from '../../../../cli/output/units.ts';

test('sizes are docker`s: powers of 1000, three digits', () => {
  const sizes: [number, string][] = [
    [0, '0B'],
    [1, '1B'],
    [999, '999B'],
    [1000, '1kB'],
    [1024, '1.02kB'],
    [1125, '1.12kB'],
    [1_234_567, '1.23MB'],
    [7_800_000, '7.8MB'],
    [77_800_000, '77.8MB'],
    [133_000_000, '133MB'],
    [999_400, '999kB'],
    [999_999, '1MB'],
    [1_000_000, '1MB'],
    [3.42e15, '3.42PB'],
    [1e30, '1000000YB'],
  ];
  for (const [bytes, text] of sizes) assert.is(humanSize(bytes), text, String(bytes));
});

test('memory is in powers of 1024, four digits', () => {
  const sizes: [number, string][] = [
    [0, '0B'],
    [1023, '1023B'],
    [1024, '1KiB'],
    [1536, '1.5KiB'],
    [1024 ** 2 * 3.42, '3.42MiB'],
    [1024 ** 3 * 15.55, '15.55GiB'],
    [1024 ** 4, '1TiB'],
  ];
  for (const [bytes, text] of sizes) assert.is(bytesSize(bytes), text, String(bytes));
});

test('durations are docker`s words', () => {
  const second = 1000;
  const minute = 60 * second;
  const hour = 60 * minute;
  const day = 24 * hour;
  const durations: [number, string][] = [
    [-5 * hour, 'Less than a second'],
    [0, 'Less than a second'],
    [450, 'Less than a second'],
    [1 * second, '1 second'],
    [1999, '1 second'],
    [45 * second, '45 seconds'],
    [59.9 * second, '59 seconds'],
    [1 * minute, 'About a minute'],
    [1 * minute + 59 * second, 'About a minute'],
    [3 * minute, '3 minutes'],
    [35 * minute, '35 minutes'],
    [59 * minute + 59 * second, '59 minutes'],
    [1 * hour, 'About an hour'],
    [1 * hour + 29 * minute, 'About an hour'],
    [1 * hour + 31 * minute, '2 hours'],
    [3 * hour, '3 hours'],
    [3 * hour + 29 * minute, '3 hours'],
    [3 * hour + 31 * minute, '4 hours'],
    [24 * hour, '24 hours'],
    [1 * day + 12 * hour, '36 hours'],
    [2 * day, '2 days'],
    [7 * day, '7 days'],
    [13 * day + 5 * hour, '13 days'],
    [2 * 7 * day, '2 weeks'],
    [2 * 7 * day + 4 * day, '2 weeks'],
    [3 * 7 * day, '3 weeks'],
    [30 * day, '4 weeks'],
    [2 * 30 * day, '2 months'],
    [3 * 30 * day + 3 * 7 * day, '3 months'],
    [365 * day, '12 months'],
    [400 * day, '13 months'],
    [24 * 30 * day, '24 months'],
    [2 * 365 * day, '2 years'],
    [3 * 365 * day + 6 * 30 * day, '3 years'],
  ];
  for (const [ms, text] of durations) assert.is(humanDuration(ms), text, String(ms));
  assert.is(ago(0, 2 * hour), '2 hours ago');
});

test('ids are shown by their first twelve characters', () => {
  assert.is(shortId(`sha256:${'0123456789abcdef'.repeat(4)}`), '0123456789ab');
  assert.is(shortId('0123456789abcdef'), '0123456789ab');
  assert.is(shortId('abc'), 'abc');
});

test.run();
