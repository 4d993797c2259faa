import { isTerminal } from './color.ts';
import { escapeControls } from './escape.ts';
import { isFinished, type LayerState, layerLine, layerLines } from './progress-lines.ts';
import { displayWidth } from './width.ts';

/** Standard error, or what a test puts in its place. */
export interface ProgressStream {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
  rows?: number;
  on?(event: 'resize', listener: () => void): unknown;
  off?(event: 'resize', listener: () => void): unknown;
}

export interface Progress {
  onProgress(layer: LayerState): void;
  /** A line to a person, which stays above the bars. */
  onNotice(text: string): void;
  /** Draws the last state and lets go of the terminal; to be called whatever happened. What comes later is dropped. */
  end(): void;
}

/** Calls `run` after so many milliseconds, and gives what calls it off. */
export type Schedule = (run: () => void, milliseconds: number) => () => void;

const redrawEvery = 100;

const byTimer: Schedule = (run, milliseconds) => {
  const timer = setTimeout(run, milliseconds).unref();
  return () => clearTimeout(timer);
};

/**
 * Shows how the layers of an image arrive: on a terminal one bar a layer, redrawn in place ten times a second at most,
 * elsewhere one line for each layer that is there. The cursor is not hidden, so nothing has to be put right after an
 * interrupt, be it SIGKILL.
 */
export function showProgress(stream: ProgressStream, schedule: Schedule = byTimer): Progress {
  return isTerminal(stream) ? barsOn(stream, schedule) : linesOn(stream);
}

function linesOn(stream: ProgressStream): Progress {
  const told = new Set<string>();
  let ended = false;
  return {
    onProgress(layer) {
      const { digest, kind } = layer;
      if (ended || told.has(digest) || (!isFinished(layer) && kind !== 'retry')) return;
      if (kind !== 'retry') told.add(digest);
      stream.write(`${layerLine(layer, Number.POSITIVE_INFINITY)}\n`);
    },
    onNotice(text) {
      if (!ended) stream.write(`${escapeControls(text)}\n`);
    },
    end() {
      ended = true;
    },
  };
}

function barsOn(stream: ProgressStream, schedule: Schedule): Progress {
  const layers = new Map<string, LayerState>();
  /** Widths of the lines that stand above the cursor. */
  let drawn: number[] = [];
  let cancel: (() => void) | undefined;
  let ended = false;

  const columns = () => stream.columns || 80;
  /** Back to the first bar; a terminal that was made narrower has broken the lines. */
  const backUp = () => {
    const rows = drawn.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns())), 0);
    return rows === 0 ? '' : `\x1b[${rows}A\r`;
  };
  const draw = (notice = '') => {
    cancel?.();
    cancel = undefined;
    const lines = layerLines([...layers.values()], columns(), stream.rows || 24);
    const text = lines.map((line) => `${line}\x1b[K\n`).join('');
    stream.write(`${backUp()}${notice}${text}\x1b[J`);
    drawn = lines.map(displayWidth);
  };
  const drawSoon = () => {
    cancel ??= schedule(() => draw(), redrawEvery);
  };

  stream.on?.('resize', drawSoon);
  return {
    onProgress(layer) {
      if (ended) return;
      layers.set(layer.digest, layer);
      drawSoon();
    },
    onNotice(text) {
      if (!ended) draw(`${escapeControls(text)}\x1b[K\n`);
    },
    end() {
      if (ended) return;
      ended = true;
      cancel?.();
      stream.off?.('resize', drawSoon);
      if (layers.size > 0) draw();
    },
  };
}
