import { existsSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { JOURNAL_SOCKET, logSettings } from '../../../../../core/container/log/log-settings.ts';
import { refusal } from '../fixtures.ts';

const plain = {
  logDriver: undefined as string | undefined,
  logOpt: [] as string[],
  rm: false,
  detach: false,
  tty: false,
};
const of = (more: Partial<typeof plain>) => logSettings({ ...plain, ...more });

test('a log is kept in a k8s-file of three times 10 MiB', () => {
  assert.equal(of({}), { driver: 'k8s-file', maxSize: 10 << 20, maxFiles: 3 });
});

test('what is removed at its end and writes to no terminal keeps none, unless it is detached or a driver is asked for', () => {
  const driver = (more: Parameters<typeof of>[0]) => of({ rm: true, ...more }).driver;
  assert.equal(
    [driver({}), driver({ detach: true }), driver({ tty: true }), driver({ logDriver: 'json-file' })],
    ['passthrough', 'k8s-file', 'k8s-file', 'json-file'],
  );
});

test('size and number are taken', () => {
  assert.equal(of({ logOpt: ['max-size=1m', 'max-file=5'] }), {
    driver: 'k8s-file',
    maxSize: 1 << 20,
    maxFiles: 5,
  });
  assert.is(of({ logOpt: ['max-size=-1'] }).maxSize, 0);
});

test('what is no driver or no option is refused', () => {
  assert.is(
    refusal(() => of({ logDriver: 'syslog' })),
    'usage: no log driver "syslog"',
  );
  if (!existsSync(JOURNAL_SOCKET))
    assert.is(
      refusal(() => of({ logDriver: 'journald' })),
      `unsupported: cannot log to journald: there is none at ${JOURNAL_SOCKET}`,
    );
  assert.match(
    refusal(() => of({ logDriver: 'passthrough', tty: true })),
    /exclude each other$/,
  );
  for (const word of [
    '',
    'max-file',
    'max-file=0',
    'max-file=1001',
    'max-file=-1',
    'max-file=99999999999999999999',
    'max-file=1.5',
    'tag=',
    'compress=true',
    'toString=x',
  ])
    assert.is(
      refusal(() => of({ logOpt: [word] })),
      `usage: cannot use --log-opt ${word}`,
    );
  assert.match(
    refusal(() => of({ logOpt: ['max-size=many'] })),
    /^usage: invalid size "many" for --log-opt max-size$/,
  );
});

test.run();
