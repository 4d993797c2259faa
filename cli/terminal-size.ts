import { isTerminalAt } from './output/terminal-at.ts';

export interface TerminalSize {
  rows: number;
  columns: number;
}

/** Of the terminal at a descriptor of this process; undefined where it is none. */
export function terminalSize(fd: 0 | 1 | 2, stream: () => object): TerminalSize | undefined {
  if (!isTerminalAt(fd)) return undefined;
  const { rows, columns } = stream() as Partial<TerminalSize>;
  return rows && columns ? { rows, columns } : undefined;
}
