import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseUmask } from '../../../../../core/container/flags/umask.ts';
import { refusal } from '../fixtures.ts';

test('an umask is an octal number', () => {
  assert.equal(
    ['0022', '22', '0', '0o77', '777', '0777'].map(parseUmask),
    [0o22, 0o22, 0, 0o77, 0o777, 0o777],
  );
});

test('anything else is refused', () => {
  for (const text of ['', '9', '1000', 'u=rwx', '-1', '0x1', '00000', ' 22'])
    assert.is(
      refusal(() => parseUmask(text)),
      `usage: invalid umask ${JSON.stringify(text)}`,
    );
});

test.run();
