/** What a command of a build writes, as lines that do nothing to a terminal. */

import { escapeControls } from '../output/escape.ts';

export interface OutputLines {
  /** The lines that are whole now. */
  add(bytes: Uint8Array): string[];
  /** The line that has begun; undefined when there is none. */
  readonly begun: string | undefined;
  /** The last line, if it has no end. */
  end(): string[];
}

/** A line that is longer comes in pieces: a build can't make this program hold all that it writes. */
const LONGEST = 8 << 10;

// biome-ignore lint/complexity/useRegexLiterals: control characters are easier to read so
const SEQUENCES = new RegExp(
  // OSC, DCS, PM and APC to their end, CSI, and what else follows an escape: ECMA-48.
  '\\x1b[\\]PX^_][^\\x07\\x1b]*(?:\\x07|\\x1b\\\\)?|\\x1b\\[[0-?]*[ -/]*[@-~]?|\\x1b[ -/]*[0-~]?',
  'g',
);

/** Without colours and cursor movements; other control characters are shown. A tab is a tab. */
export function cleanLine(line: string): string {
  // What a carriage return begins anew replaces what was there: of a progress bar its last state.
  const shown = line.slice(line.replace(/\r+$/, '').lastIndexOf('\r') + 1).replace(/\r+$/, '');
  return shown.replace(SEQUENCES, '').split('\t').map(escapeControls).join('\t');
}

export function outputLines(): OutputLines {
  const decoder = new TextDecoder();
  let rest = '';
  return {
    add: (bytes) => {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
      rest = lines.pop() as string;
      while (rest.length > LONGEST) {
        lines.push(rest.slice(0, LONGEST));
        rest = rest.slice(LONGEST);
      }
      return lines.map(cleanLine);
    },
    get begun() {
      const shown = cleanLine(rest);
      return shown === '' ? undefined : shown;
    },
    end: () => {
      const last = rest + decoder.decode();
      rest = '';
      return last === '' ? [] : [cleanLine(last)];
    },
  };
}
