import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type ProgressStream, showProgress } from '../../../../cli/output/progress.ts';
import { type LayerState, layerLine, layerLines } from '../../../../cli/output/progress-lines.ts';
import { displayWidth } from '../../../../cli/output/width.ts';

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;

function layer(
  letter: string,
  kind: LayerState['kind'],
  current = 0,
  total = 1000,
  note?: string,
): LayerState {
  return { digest: digest(letter), kind, current, total, ...(note !== undefined && { note }) };
}

/** A terminal that understands the few sequences that are used, and shows its rows. */
function fakeTerminal(columns = 60, rows = 10) {
  const screen: string[] = [''];
  let row = 0;
  let column = 0;
  let writes = 0;
  const listeners = new Set<() => void>();
  const put = (character: string) => {
    const line = screen[row] ?? '';
    screen[row] = line.slice(0, column).padEnd(column) + character + line.slice(column + 1);
    column++;
  };
  const stream = {
    isTTY: true,
    columns,
    rows,
    write(text: string) {
      writes++;
      for (const [token] of text.matchAll(/\x1b\[(\d*)([A-Z])|[\s\S]/g)) {
        if (token === '\n') {
          row++;
          column = 0;
          screen[row] ??= '';
        } else if (token === '\r') column = 0;
        else if (/^\x1b\[\d+A$/.test(token)) {
          row -= Number(token.slice(2, -1));
          assert.ok(row >= 0, 'the cursor left the screen');
        } else if (token === '\x1b[K') screen[row] = screen[row]!.slice(0, column);
        else if (token === '\x1b[J') {
          screen[row] = screen[row]!.slice(0, column);
          screen.length = row + 1;
        } else {
          assert.not.match(token, '\x1b');
          put(token);
        }
      }
    },
    on: (_: 'resize', listener: () => void) => listeners.add(listener),
    off: (_: 'resize', listener: () => void) => listeners.delete(listener),
  } satisfies ProgressStream;
  const resize = (width: number) => {
    stream.columns = width;
    for (const listener of listeners) listener();
  };
  return { stream, screen, resize, listeners, writes: () => writes };
}

function manualSchedule() {
  const due: (() => void)[] = [];
  const schedule = (run: () => void) => {
    due.push(run);
    return () => {
      const index = due.indexOf(run);
      if (index >= 0) due.splice(index, 1);
    };
  };
  return { schedule, due, tick: () => due.shift()?.() };
}

test('elsewhere than on a terminal each layer is one line when it is there', () => {
  let text = '';
  const progress = showProgress({ write: (chunk) => (text += chunk) });
  for (const state of [
    layer('a', 'waiting'),
    layer('b', 'exists'),
    layer('a', 'downloading', 10),
    layer('a', 'retry', 10, 1000, 'reset \u001b[2J by peer; again in 0.5 s'),
    layer('a', 'extracting', 1000),
    layer('a', 'done', 1000),
    layer('a', 'done', 1000),
  ])
    progress.onProgress(state);
  progress.onNotice('mirror failed');
  progress.end();
  progress.onProgress(layer('c', 'done'));
  progress.onNotice('late');
  assert.is(
    text,
    'bbbbbbbbbbbb: Already exists\n' +
      'aaaaaaaaaaaa: Retrying: reset \\x1b[2J by peer; again in 0.5 s\n' +
      'aaaaaaaaaaaa: Pull complete\n' +
      'mirror failed\n',
  );
});

test('on a terminal the bars are redrawn in place', () => {
  const { stream, screen } = fakeTerminal();
  const { schedule, tick } = manualSchedule();
  const progress = showProgress(stream, schedule);
  progress.onProgress(layer('a', 'downloading', 0));
  progress.onProgress(layer('b', 'waiting'));
  tick();
  assert.equal(screen, [
    'aaaaaaaaaaaa: Downloading [>                       ] 0B/1kB',
    'bbbbbbbbbbbb: Waiting',
    '',
  ]);
  progress.onProgress(layer('a', 'downloading', 500));
  tick();
  assert.equal(screen, [
    'aaaaaaaaaaaa: Downloading [==========>           ] 500B/1kB',
    'bbbbbbbbbbbb: Waiting',
    '',
  ]);
  progress.onProgress(layer('a', 'done', 1000));
  progress.onProgress(layer('b', 'exists', 1000));
  progress.end();
  assert.equal(screen, ['aaaaaaaaaaaa: Pull complete', 'bbbbbbbbbbbb: Already exists', '']);
});

test('many events are one drawing', () => {
  const { stream, writes } = fakeTerminal();
  const { schedule, tick, due } = manualSchedule();
  const progress = showProgress(stream, schedule);
  for (let bytes = 0; bytes < 10_000; bytes++) progress.onProgress(layer('a', 'downloading', bytes, 10_000));
  assert.is(due.length, 1);
  assert.is(writes(), 0);
  tick();
  assert.is(writes(), 1);
  progress.end();
  progress.end();
  assert.is(writes(), 2);
  assert.is(due.length, 0);
});

test('a notice stays above the bars', () => {
  const { stream, screen } = fakeTerminal();
  const { schedule, tick } = manualSchedule();
  const progress = showProgress(stream, schedule);
  progress.onProgress(layer('a', 'waiting'));
  progress.onProgress(layer('b', 'waiting'));
  tick();
  progress.onNotice('a mirror\u0007 failed');
  progress.onProgress(layer('a', 'done'));
  progress.end();
  assert.equal(screen, ['a mirror\\x07 failed', 'aaaaaaaaaaaa: Pull complete', 'bbbbbbbbbbbb: Waiting', '']);
});

test('a change of the window redraws, and its listener goes at the end', () => {
  const { stream, screen, resize, listeners } = fakeTerminal();
  const { schedule, tick } = manualSchedule();
  const progress = showProgress(stream, schedule);
  progress.onProgress(layer('a', 'downloading', 500));
  tick();
  resize(38);
  // What a terminal does with a line that has become too long.
  screen.splice(0, 1, screen[0]!.slice(0, 38), screen[0]!.slice(38));
  stream.write('\n');
  tick();
  assert.equal(screen, ['aaaaaaaaaaaa: Downloading 500B/1kB', '']);
  progress.end();
  assert.is(listeners.size, 0);
});

test('nothing is written where nothing was reported', () => {
  const { stream, writes } = fakeTerminal();
  showProgress(stream).end();
  assert.is(writes(), 0);
});

test('more layers than rows are counted, and those at work are shown', () => {
  const layers = [
    ...Array.from('0123456789', (letter) => layer(letter, 'done')),
    ...Array.from('abc', (letter) => layer(letter, 'downloading', 500)),
    ...Array.from('defgh', (letter) => layer(letter, 'waiting')),
  ];
  assert.equal(
    layerLines(layers, 20, 6).map((line) => line.slice(0, 14)),
    ['aaaaaaaaaaaa: ', 'bbbbbbbbbbbb: ', 'cccccccccccc: ', '10 of 18 layer'],
  );
  assert.is(layerLines(layers, 80, 3).length, 2);
  assert.is(layerLines(layers, 80, 1).length, 1);
  assert.is(layerLines(layers, 80, 19).length, 18);
});

test('no line is as wide as the terminal', () => {
  const states = [
    layer('a', 'downloading', 123_456_789, 987_654_321),
    layer('a', 'downloading', 2000, 1000),
    layer('a', 'downloading', 5, 0),
    layer('a', 'retry', 0, 1000, 'x'.repeat(500)),
    layer('a', 'retry', 0, 1000, '日本'.repeat(100)),
    layer('a', 'extracting'),
  ];
  for (const state of states)
    for (let columns = 1; columns < 200; columns++)
      assert.ok(displayWidth(layerLine(state, columns)) < columns, `${state.kind} at ${columns}`);
});

test('a bar that is full has no arrow', () => {
  assert.match(layerLine(layer('a', 'downloading', 1000), 60), /\[=+\] 1kB\/1kB$/);
});

test.run();
