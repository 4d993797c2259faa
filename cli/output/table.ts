import { displayWidth } from './width.ts';

/** docker's: a column is at least ten wide, three of them between the texts. */
const leastWidth = 10;
const gap = 3;

/**
 * Aligns the cells of lines, which end in tabs, as Go's text/tabwriter does: a column goes on as long as the lines
 * below have a cell in it; what is behind the last tab of a line is no cell and is not filled up.
 */
export function alignColumns(text: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.split('\t').map((cell) => ({ cell, width: displayWidth(cell) })));
  const aligned = lines.map(() => '');
  const fill = (from: number, to: number, widths: number[]) => {
    const column = widths.length;
    for (let line = from; line < to; line++) {
      const cells = lines[line]!;
      if (column >= cells.length - 1) {
        aligned[line] = joined(cells, widths);
        continue;
      }
      let end = line;
      let width = leastWidth;
      while (end < to && column < lines[end]!.length - 1)
        width = Math.max(width, lines[end++]![column]!.width + gap);
      fill(line, end, [...widths, width]);
      line = end - 1;
    }
  };
  fill(0, lines.length, []);
  return aligned.join('\n');
}

function joined(cells: { cell: string; width: number }[], widths: number[]): string {
  return cells
    .map(({ cell, width }, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - width)))
    .join('');
}
