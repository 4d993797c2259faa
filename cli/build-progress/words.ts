import { escapeControls } from '../output/escape.ts';
import { humanSize, shortId } from '../output/units.ts';

/** Milliseconds as seconds: `0.4s`. */
export const seconds = (milliseconds: number): string => `${(Math.max(0, milliseconds) / 1000).toFixed(1)}s`;

/** `sha256:2f1a… 1.2MB / 3MB`, `transferring context: 3kB done`. */
export function progressText(what: string, current: number, total: number, done: boolean): string {
  const name = /^sha\d+:[a-f0-9]{32,}$/.test(what) ? shortId(what) : escapeControls(what);
  const amount = total > 0 && !done ? `${humanSize(current)} / ${humanSize(total)}` : humanSize(current);
  return `${name}${current > 0 || total > 0 ? ` ${amount}` : ''}${done ? ' done' : ''}`;
}
