import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { elapsedTime, processorTime, startDay, terminalName } from '../../../../cli/top/times.ts';

test('times as ps writes them', () => {
  assert.equal([0, 59.9, 61, 3661, 90_061].map(elapsedTime), [
    '00:00',
    '00:59',
    '01:01',
    '01:01:01',
    '01-01:01:01',
  ]);
  assert.equal([0, 3661, 90_061].map(processorTime), ['00:00:00', '01:01:01', '01-01:01:01']);
});

test('the start is a time today, and a day before', () => {
  const now = new Date(2026, 4, 3, 12, 0).getTime();
  assert.is(startDay(new Date(2026, 4, 3, 9, 5).getTime(), now), '09:05');
  assert.is(startDay(new Date(2026, 4, 2, 13, 5).getTime(), now), 'May02');
});

test('terminals by their device numbers', () => {
  assert.equal([0, 0x8800, 0x8803, 0x0401, 0x0440, 0x0500].map(terminalName), [
    '?',
    'pts/0',
    'pts/3',
    'tty1',
    'ttyS0',
    '5:0',
  ]);
});

test.run();
