import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createJournalParser } from '../../core/container/log/journal-export.ts';
import { buildDriver, sanitizers, scratch } from './build.ts';
import { run } from './drivers.ts';

const driver = buildDriver('journald', ['journald.c', 'die.c']);

function journal(fields: string[], pieces: [stream: 1 | 2, data: Buffer | string][]): Buffer {
  const socket = join(mkdtempSync(join(scratch(), 'j-')), 's');
  const input = Buffer.concat(
    pieces.flatMap(([stream, data]) => [
      Buffer.from(`${stream} ${Buffer.byteLength(data)}\n`),
      Buffer.from(data),
    ]),
  );
  const { status, stdout, stderr } = spawnSync(driver, [socket, ...fields], {
    input,
    env: { ...process.env, ...sanitizers },
    maxBuffer: 1 << 24,
  });
  assert.equal([status, stderr.toString()], [0, '']);
  return stdout;
}

/** What journalctl would give of it. */
const records = (bytes: Buffer) =>
  createJournalParser()(
    Buffer.from(
      bytes
        .toString('latin1')
        .replaceAll(/\n\n(?=MESSAGE|FROM|$)/g, '\n__REALTIME_TIMESTAMP=1700000000123456\n\n'),
      'latin1',
    ),
  );

test("a line is a message with its priority and the container's fields", () => {
  const said = journal(['CONTAINER_ID=abc', 'CONTAINER_NAME=n'], [[1, 'hello\n']]).toString('latin1');
  const size = '\x05\0\0\0\0\0\0\0';
  assert.is(said, `MESSAGE\n${size}hello\nPRIORITY=6\nCONTAINER_ID=abc\nCONTAINER_NAME=n\n\n`);
});

test('streams, bytes of any kind and parts of a line come back as they were', () => {
  const any = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => byte !== 10));
  const read = records(
    journal(
      ['A=b'],
      [
        [2, Buffer.concat([any, Buffer.from('\n')])],
        [1, 'part'],
        [1, '\n'],
      ],
    ),
  );
  assert.equal(
    read.map(({ stream, text, ended }) => [stream, text.toString('latin1'), ended]),
    [
      ['stderr', any.toString('latin1'), true],
      ['stdout', 'part', false],
      ['stdout', '', true],
    ],
  );
  assert.is(read[0]?.time, '2023-11-14T22:13:20.123456000+00:00');
});

test('a value with a newline can not make a field of its own', () => {
  const said = journal(['TAG=x\nPRIORITY=0', 'B=c'], [[1, 'm\n']]).toString('latin1');
  assert.ok(said.endsWith('\nTAG\n\x0c\0\0\0\0\0\0\0x\nPRIORITY=0\nB=c\n\n'), JSON.stringify(said));
});

test('what no datagram holds goes in a file in memory', () => {
  const long = 'x'.repeat(600_000);
  const said = journal(['A=b'], [[1, `${long}\n`]]);
  assert.ok(said.toString('latin1', 0, 20).startsWith('FROM=memory\nMESSAGE\n'));
  assert.is(records(said)[0]?.text.toString(), long);
});

test('a journald that takes nothing more holds up a second, not each line, and is heard again', () => {
  const socket = join(mkdtempSync(join(scratch(), 'j-')), 's');
  const begun = Date.now();
  const lines = '1 2\nm\n'.repeat(2000);
  const { code, stdout } = run(driver, [socket, 'A=b'], `1 2\na\nstop\n${lines}go on\n1 2\nz\n`);
  assert.is(code, 0);
  assert.ok(Date.now() - begun < 8000);
  assert.match(stdout, /^MESSAGE\n[\s\S]{8}a\n[\s\S]*\n\nMESSAGE\n[\s\S]{8}z\n/);
});

test('where there is no journald, the start fails', () => {
  const ran = run(driver, ['/nonexistent/socket']);
  assert.equal(ran, {
    code: 125,
    stdout: '',
    stderr:
      'Error: cannot log to journald at /nonexistent/socket: No such file or directory\nrun it with --log-driver k8s-file\n',
  });
});

test.run();
