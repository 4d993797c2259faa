import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openProgress } from '../../../../cli/build-progress/open-progress.ts';
import { cleanLine, outputLines } from '../../../../cli/build-progress/output-lines.ts';
import { plainProgress } from '../../../../cli/build-progress/plain.ts';
import { liveView } from '../../../../cli/build-progress/tty.ts';
import type { BuildEvent, BuildStep } from '../../../../core/build/events.ts';

const one: BuildStep = { id: 1, name: '[1/2] FROM base' };
const two: BuildStep = { id: 2, name: '[2/2] RUN make', stage: '0' };
const bytes = (text: string): Uint8Array => Buffer.from(text);
const output = (step: BuildStep, text: string, at: number, stream: 'stdout' | 'stderr' = 'stdout') =>
  ({ kind: 'output', step, stream, bytes: bytes(text), at }) as const;

function plain(events: BuildEvent[]): string {
  let text = '';
  const listener = plainProgress((more) => {
    text += more;
  });
  for (const event of events) listener(event);
  return text;
}

test('plain lines are those of buildkit', () => {
  assert.is(
    plain([
      { kind: 'cached', step: one, at: 0 },
      { kind: 'started', step: two, at: 1000 },
      output(two, 'hel', 1100),
      output(two, 'lo\nrest', 1234),
      { kind: 'finished', step: two, at: 1400 },
    ]),
    '#1 [1/2] FROM base\n#1 CACHED\n\n#2 [2/2] RUN make\n#2 0.234 hello\n#2 0.400 rest\n#2 DONE 0.4s\n',
  );
});

test('plain lines of steps that run together name the step again', () => {
  assert.is(
    plain([
      { kind: 'started', step: one, at: 0 },
      { kind: 'started', step: two, at: 0 },
      output(one, 'a\n', 1),
      output(two, 'b\n', 2, 'stderr'),
      { kind: 'failed', step: two, text: 'exit code: 1', at: 3 },
      { kind: 'cancelled', step: one, at: 4 },
      { kind: 'notice', text: 'careful\x1b[2J', at: 5 },
    ]),
    [
      '#1 [1/2] FROM base',
      '#1 ...',
      '',
      '#2 [2/2] RUN make',
      '#2 ...',
      '',
      '#1 [1/2] FROM base',
      '#1 0.001 a',
      '#1 ...',
      '',
      '#2 [2/2] RUN make',
      '#2 0.002 b',
      '#2 ERROR: exit code: 1',
      '',
      '#1 [1/2] FROM base',
      '#1 CANCELED',
      'careful\\x1b[2J',
      '',
    ].join('\n'),
  );
});

test('plain progress is told once a second, and when it is done', () => {
  const progress = (current: number, at: number, done = false): BuildEvent => ({
    ...{ kind: 'progress', step: one, what: 'transferring context', total: 3000 },
    ...{ current, at, done },
  });
  assert.is(
    plain([
      { kind: 'started', step: one, at: 0 },
      progress(1000, 1),
      progress(2000, 500),
      progress(2500, 1500),
      progress(3000, 1600, true),
    ]),
    [
      '#1 [1/2] FROM base',
      '#1 transferring context 1kB / 3kB',
      '#1 transferring context 2.5kB / 3kB',
      '#1 transferring context 3kB done',
      '',
    ].join('\n'),
  );
});

test('what a command writes can do nothing to a terminal', () => {
  assert.is(
    cleanLine('\x1b[31mred\x1b[0m \x1b]0;title\x07\x1b]8;;http://x\x1b\\link \x1b(B\x1bc'),
    'red link ',
  );
  assert.is(cleanLine('10%\r50%\r100%\r'), '100%');
  assert.is(cleanLine('a\tb\x07\x08\x9b2J\u202e'), 'a\tb\\x07\\x08\\x9b2J\\u202e');
  assert.is(cleanLine('\x1b[999999'), '');
});

test('lines are whole, of bytes cut anywhere, and bounded', () => {
  const lines = outputLines();
  assert.equal(lines.add(bytes('é').subarray(0, 1)), []);
  assert.equal(lines.add(Buffer.concat([bytes('é').subarray(1), bytes('\n\xff')])), ['é']);
  assert.is(lines.begun, 'ÿ');
  assert.is(lines.add(bytes('x'.repeat(20_000))).length, 2);
  assert.is(lines.end().length, 1);
  assert.equal(lines.end(), []);
});

function screen(columns: number, rows: number, work: (view: ReturnType<typeof liveView>) => void): string[] {
  let written = '';
  const terminal = {
    write: (text: string) => {
      written += text;
    },
    size: () => ({ columns, rows }),
  };
  const view = liveView(terminal, false, () => 3000);
  work(view);
  view.end();
  return written
    .slice(written.lastIndexOf('[+]'))
    .replace(/\x1b\[[KJ]/g, '')
    .split('\n');
}

test('the live view has a line a step, as wide as the terminal, and the output of the one that failed', () => {
  const lines = screen(40, 24, ({ listener }) => {
    listener({ kind: 'cached', step: one, at: 0 });
    listener({ kind: 'started', step: two, at: 1000 });
    listener(output(two, 'one\ntwo', 1500));
    listener({ kind: 'failed', step: two, text: 'exit code: 2', at: 2500 });
  });
  assert.equal(lines, [
    '[+] Building 3.0s (2/2)',
    ' => CACHED [1/2] FROM base          0.0s',
    ' => ERROR [2/2] RUN make            1.5s',
    '------',
    ' > [2/2] RUN make:',
    'one',
    'two',
    '------',
    '',
  ]);
});

test('the live view never has more lines than the screen, nor wider ones', () => {
  let frames: string[] = [];
  const terminal = {
    write: (text: string) => void frames.push(text),
    size: () => ({ columns: 24, rows: 8 }),
  };
  const { listener, end } = liveView(terminal, false, () => 100);
  for (let id = 1; id <= 50; id++) {
    const step = { id, name: `[${id}/50] RUN 日本語 with a very long name` };
    if (id < 48) listener({ kind: 'cached', step, at: 0 });
    else listener({ kind: 'started', step, at: 0 });
    if (id === 50) listener(output(step, 'a line of output that is far too long\n\x1b[2J\tx\n', 1));
  }
  frames = [];
  listener({ kind: 'notice', text: 'note', at: 1 });
  const lines = frames
    .join('')
    .replace(/\x1b\[\d*[AJK]/g, '')
    .trimEnd()
    .split('\n');
  assert.equal(lines, [
    'note',
    '[+] Building 0.1s (47/5…',
    ' => CACHED [47/50]… 0.0s',
    ' => [48/50] RUN 日… 0.1s',
    ' => [49/50] RUN 日… 0.1s',
    ' => [50/50] RUN 日… 0.1s',
    ' => => # a line of outp…',
    ' => => #     x',
  ]);
  end();
});

test('a word that is no kind of progress, and tty without a terminal, are refused', () => {
  const stream = { write: () => {}, isTerminal: false, size: () => ({ columns: 80, rows: 24 }) };
  assert.throws(() => openProgress('tty', stream, false), /cannot use --progress tty/);
  assert.throws(() => openProgress('fancy' as 'tty', stream, false), /cannot use --progress fancy/);
});

test.run();
