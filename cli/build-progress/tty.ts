/**
 * The live view of a build on a terminal: a line a step, what runs with its time and the last lines of its output. What
 * doesn't fit the screen is left out while it runs; at the end all steps are written once.
 */

import type { BuildEvent, BuildListener, BuildStep } from '../../core/build/events.ts';
import { monotonicNow } from '../../core/host/monotonic.ts';
import { escapeControls } from '../output/escape.ts';
import { displayWidth, ellipsis } from '../output/width.ts';
import { failedOutput, outputTails } from './output-tail.ts';
import { progressText, seconds } from './words.ts';

export interface Terminal {
  write(text: string): void;
  size(): { columns: number; rows: number };
}

interface Shown {
  readonly step: BuildStep;
  readonly started: number;
  ended?: number;
  state: 'running' | 'cached' | 'done' | 'failed' | 'cancelled';
  /** What is still on its way, and how far it is. */
  readonly parts: Map<string, string>;
}

/** Milliseconds between two drawings. */
const REDRAW = 100;
const OUTPUT_LINES = 6;
const NARROWEST = 20;
const COLOURS = { cached: 34, done: 34, failed: 31, cancelled: 33, running: 0 };

export interface LiveView {
  readonly listener: BuildListener;
  end(): void;
}

/** `now`: of the same clock as the events. */
export function liveView(terminal: Terminal, colour: boolean, now = monotonicNow): LiveView {
  const steps = new Map<number, Shown>();
  const tails = outputTails();
  let began: number | undefined;
  let drawn: number[] = [];
  let timer: NodeJS.Timeout | undefined;
  let ended = false;

  /** Back to the first line of the view; a terminal that became narrower has broken its lines. */
  const backUp = (): string => {
    const { columns } = terminal.size();
    const rows = drawn.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / Math.max(1, columns))), 0);
    return rows === 0 ? '' : `\x1b[${rows}A\r`;
  };
  const paint = (state: Shown['state'] | 'dim', text: string): string => {
    const code = state === 'dim' ? 2 : COLOURS[state];
    return colour && code !== 0 ? `\x1b[${code}m${text}\x1b[0m` : text;
  };
  const draw = (before = '', whole = false): void => {
    clearTimeout(timer);
    timer = undefined;
    const size = terminal.size();
    const columns = Math.max(NARROWEST, size.columns);
    const at = now();
    const done = [...steps.values()].filter(({ state }) => state !== 'running').length;
    const title = `[+] Building ${seconds(at - (began ?? at))} (${done}/${steps.size})`;
    const lines = [
      { text: ellipsis(title, columns), state: 'running' as const },
      ...stepLines([...steps.values()], (id) => tails.of(id)?.last(OUTPUT_LINES) ?? [], {
        columns,
        at,
        rows: whole ? Number.POSITIVE_INFINITY : Math.max(2, size.rows - 2),
      }),
    ];
    const text = lines.map((line) => `${paint(line.state, line.text)}\x1b[K\n`).join('');
    terminal.write(`${backUp()}${before}${text}\x1b[J`);
    drawn = lines.map((line) => displayWidth(line.text));
    if (!whole && done < steps.size) drawSoon();
  };
  const drawSoon = (): void => {
    timer ??= setTimeout(draw, REDRAW).unref();
  };

  return {
    listener: (event) => {
      if (ended) return;
      began ??= event.at;
      tails.take(event);
      if (event.kind === 'notice') draw(`${escapeControls(event.text)}\x1b[K\n`);
      else {
        takeEvent(steps, event);
        drawSoon();
      }
    },
    end: () => {
      if (ended) return;
      ended = true;
      clearTimeout(timer);
      if (steps.size === 0) return;
      draw('', true);
      for (const { step, state } of steps.values())
        if (state === 'failed') terminal.write(failedOutput(escapeControls(step.name), tails.of(step.id)));
    },
  };
}

const ENDS = { finished: 'done', failed: 'failed', cancelled: 'cancelled' } as const;

function takeEvent(steps: Map<number, Shown>, event: Exclude<BuildEvent, { kind: 'notice' }>): void {
  const { kind, step, at } = event;
  if (kind === 'started') steps.set(step.id, { step, started: at, state: 'running', parts: new Map() });
  else if (kind === 'cached')
    steps.set(step.id, { step, started: at, ended: at, state: 'cached', parts: new Map() });
  const shown = steps.get(step.id);
  if (!shown) return;
  if (kind === 'progress') {
    if (event.done) shown.parts.delete(event.what);
    else shown.parts.set(event.what, progressText(event.what, event.current, event.total, false));
  } else if (kind === 'finished' || kind === 'failed' || kind === 'cancelled') {
    shown.state = ENDS[kind];
    shown.ended = at;
    shown.parts.clear();
  }
}

interface Line {
  readonly text: string;
  readonly state: Shown['state'] | 'dim';
}

/** What fits: first all that runs and its output, then the latest of what has ended. */
function stepLines(
  steps: readonly Shown[],
  output: (step: number) => string[],
  { columns, rows, at }: { columns: number; rows: number; at: number },
): Line[] {
  const blocks = steps.map((shown) => {
    const inner = shown.state === 'running' ? [...shown.parts.values(), ...output(shown.step.id)] : [];
    const lines = inner.slice(-OUTPUT_LINES).map((text) => ({
      text: ellipsis(` => => # ${text.replaceAll('\t', '    ')}`, columns),
      state: 'dim' as const,
    }));
    return { shown, lines: [stepLine(shown, columns, at), ...lines] };
  });
  let room = rows;
  const byWeight = [
    ...blocks.filter(({ shown }) => shown.state === 'running' || shown.state === 'failed'),
    ...blocks.filter(({ shown }) => shown.state !== 'running' && shown.state !== 'failed').reverse(),
  ];
  const cut = new Map<number, Line[]>();
  for (const { shown, lines } of byWeight) {
    if (room <= 0) break;
    const fitting = lines.slice(0, room);
    cut.set(shown.step.id, fitting);
    room -= fitting.length;
  }
  return blocks.flatMap(({ shown }) => cut.get(shown.step.id) ?? []);
}

const MARKS = { running: '', done: '', cached: 'CACHED ', failed: 'ERROR ', cancelled: 'CANCELED ' };

/** ` => CACHED [2/3] RUN make                1.2s`, as wide as the terminal. */
function stepLine({ step, state, started, ended }: Shown, columns: number, at: number): Line {
  const time = seconds((ended ?? at) - started);
  const room = columns - displayWidth(time) - 1;
  const left = ellipsis(` => ${MARKS[state]}${escapeControls(step.name)}`, room);
  return {
    text: `${left}${' '.repeat(Math.max(1, columns - displayWidth(left) - time.length))}${time}`,
    state,
  };
}
