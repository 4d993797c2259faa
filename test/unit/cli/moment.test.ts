import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseMoment } from '../../../cli/moment.ts';
import { PodError } from '../../../core/error.ts';

test('a moment is a date, seconds since 1970, or how long ago', () => {
  assert.is(parseMoment('2026-01-31T10:00:00Z'), Date.UTC(2026, 0, 31, 10));
  assert.is(parseMoment('1795259411.5'), 1795259411500);
  assert.ok(Math.abs(parseMoment('10m') - (Date.now() - 600_000)) < 5000);
});

test('what is none of them is refused, and all three are named', () => {
  for (const text of ['bogus', 'now', '', '10 minutes'])
    assert.throws(
      () => parseMoment(text),
      (error: PodError) => {
        assert.instance(error, PodError);
        assert.is(error.message.split(':')[0], `invalid time ${JSON.stringify(text)}`);
        assert.match(error.why ?? '', /10:00:00Z, seconds since 1970, or how long ago as 10m/);
        return true;
      },
    );
});

test.run();
